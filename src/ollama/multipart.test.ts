import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { recordings } from "../../test/support/recordings.ts";
import { decide, judged, sentBy, verdictOf } from "../../test/support/understood.ts";
import type { FormField } from "./judged-request.ts";
import { parseMultipart, serialiseMultipart } from "./multipart.ts";
import { serialise } from "./understand.ts";

const TYPE = "multipart/form-data; boundary=b";
const part = (head: string, value = "v") => `--b\r\n${head}\r\n\r\n${value}\r\n`;
const named = (name: string, value = "v") => part(`Content-Disposition: form-data; name="${name}"`, value);
const AUDIO = part('Content-Disposition: form-data; name="file"; filename="a.wav"\r\nContent-Type: audio/wav', "RIFF");

const refused: readonly (readonly [why: string, body: string, contentType?: string])[] = [
	["no form is declared", `${named("a")}--b--\r\n`, "application/json"],
	["the boundary is missing", `${named("a")}--b--\r\n`, "multipart/form-data"],
	["the boundary is declared twice", `${named("a")}--b--\r\n`, "multipart/form-data; boundary=x; boundary=b"],
	["the boundary is too long", `${named("a")}--b--\r\n`, `multipart/form-data; boundary=${"b".repeat(71)}`],
	["something stands before the first part", `preamble\r\n${named("a")}--b--\r\n`],
	["something stands behind the last part", `${named("a")}--b--\r\nepilogue`],
	["the last part does not end", named("a")],
	["the closing delimiter is cut", `${named("a")}--b-`],
	["a delimiter has trailing spaces", `${named("a")}--b \r\n${named("b")}--b--\r\n`],
	["lines end in LF alone", `${named("a")}--b--\r\n`.replaceAll("\r\n", "\n")],
	["a head does not end", '--b\r\nContent-Disposition: form-data; name="a"\r\n'],
	["a head is folded", `${part('Content-Disposition: form-data;\r\n name="a"')}--b--`],
	["a head is huge", `${part(`Content-Disposition: form-data; name="${"a".repeat(3000)}"`)}--b--`],
	["a part has no disposition", `${part("Content-Type: text/plain")}--b--`],
	["a part has two dispositions", `${part('Content-Disposition: form-data; name="a"\r\nContent-Disposition: form-data; name="b"')}--b--`],
	["a disposition has two names", `${part('Content-Disposition: form-data; name="a"; name="b"')}--b--`],
	["a disposition has two file names", `${part('Content-Disposition: form-data; name="a"; filename="b"; filename="c"')}--b--`],
	["a disposition has no name", `${part("Content-Disposition: form-data")}--b--`],
	["a disposition is an attachment", `${part('Content-Disposition: attachment; name="a"')}--b--`],
	["a disposition has an unknown parameter", `${part('Content-Disposition: form-data; name="a"; size=3')}--b--`],
	["a name has a backslash", `${part('Content-Disposition: form-data; name="a\\"b"')}--b--`],
	[
		"a part is encoded, which Go undoes silently",
		`${part('Content-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: quoted-printable')}--b--`,
	],
	["a part has an unknown field", `${part('Content-Disposition: form-data; name="a"\r\nX-Other: 1')}--b--`],
	["there are too many parts", `${named("a").repeat(65)}--b--\r\n`],
];

for (const [why, body, contentType = TYPE] of refused) {
	test(`refuses a form when ${why}`, () => assert.ok("problem" in parseMultipart(Buffer.from(body, "latin1"), contentType)));
}

const refusedForms: readonly (readonly [why: string, body: string, reason: string])[] = [
	["it is no form", "{}", "body-not-multipart"],
	["it is empty", "", "body-missing"],
	["there is no file", `${named("model", "door")}--b--`, "body-wrong-type"],
	["the file is empty", `${named("model", "door")}${AUDIO.replace("RIFF", "")}--b--`, "body-wrong-type"],
	["the file is a text field", `${named("model", "door")}${named("file")}--b--`, "body-wrong-type"],
	["the model is a file", `${part('Content-Disposition: form-data; name="model"; filename="x"', "door")}${AUDIO}--b--`, "body-wrong-type"],
	["the model comes twice", `${named("model", "door")}${named("model", "evil")}${AUDIO}--b--`, "body-duplicate-key"],
	["the model is missing", `${AUDIO}--b--`, "model-missing"],
	["the model is a URL", `${named("model", "http://x/y/z")}${AUDIO}--b--`, "model-name-invalid"],
	["the prompt is not UTF-8", `${named("model", "door")}${named("prompt", "\xff")}${AUDIO}--b--`, "body-wrong-type"],
];

const PATH = "/v1/audio/transcriptions";

for (const [why, body, reason] of refusedForms) {
	test(`refuses a transcription when ${why}`, () => {
		assert.equal(verdictOf({ path: PATH, contentType: TYPE, body: Buffer.from(body, "latin1") }), reason);
	});
}

test("forwards a transcription rebuilt: model first, canonical, unknown fields left out, the file as it was", () => {
	const body = Buffer.from(`${AUDIO}${named("temperature", "0")}${named("language", "fr")}${named("model", "DOOR")}--b--\r\n`, "latin1");
	const request = judged({ path: PATH, contentType: 'multipart/form-data; boundary="b"', body });
	assert.deepEqual(request.droppedKeys, ["temperature"]);
	assert.equal(request.models[0]?.name.short, "door:latest");
	const sent = serialise(request);
	const read = parseMultipart(Buffer.from(sent?.body ?? ""), sent?.contentType);
	assert.ok("fields" in read);
	assert.deepEqual(
		read.fields.map(({ name, filename, contentType, value }) => [name, filename, contentType, value.toString("latin1")]),
		[
			["model", null, null, "door"],
			["language", null, null, "fr"],
			["file", "a.wav", "audio/wav", "RIFF"],
		],
	);
});

test("a file name is made plain, and one in RFC 5987 form alone still says that there is a file", () => {
	const tricky = AUDIO.replace('filename="a.wav"', 'filename="../é\t.wav"');
	const request = judged({ path: PATH, contentType: TYPE, body: Buffer.from(`${named("model", "door")}${tricky}--b--`, "utf8") });
	assert.ok(request.body.kind === "multipart");
	assert.match(request.body.fields.at(-1)?.filename ?? "", /^[A-Za-z0-9._-]+$/);
	const encoded = AUDIO.replace('filename="a.wav"', "filename*=UTF-8''a.wav");
	assert.ok(decide({ path: PATH, contentType: TYPE, body: Buffer.from(`${named("model", "door")}${encoded}--b--`) }).permitted);
});

test("takes the recorded transcription", () => {
	for (const exchange of recordings(/^route-v1-transcriptions/)) assert.equal(verdictOf(sentBy(exchange)), "permitted");
});

const field: fc.Arbitrary<FormField> = fc.record({
	name: fc.constantFrom("model", "file", "a-b[]"),
	filename: fc.constantFrom(null, "a.wav", "x y"),
	contentType: fc.constantFrom(null, "audio/wav"),
	value: fc
		.array(fc.constantFrom("\r\n", "--", "b", "rempart-form-", "00000000", "00000001", "\r\n--rempart-form-00000000", "x"), {
			maxLength: 12,
			size: "max",
		})
		.map((pieces) => Buffer.from(pieces.join(""), "latin1")),
});

test("whatever the values, what was written is read back the same", () => {
	fc.assert(
		fc.property(fc.array(field, { minLength: 1, maxLength: 5 }), (fields) => {
			const { bytes, contentType } = serialiseMultipart(fields);
			const read = parseMultipart(bytes, contentType);
			assert.ok("fields" in read, "problem" in read ? read.problem : "");
			assert.deepEqual(
				read.fields.map((one) => ({ ...one, value: one.value.toString("latin1") })),
				fields.map((one) => ({ ...one, value: one.value.toString("latin1") })),
			);
		}),
		{ numRuns: 500 },
	);
});

test("never throws, whatever the bytes", () => {
	const piece = fc.constantFrom("--b", "\r\n", "--", "Content-Disposition: form-data", '; name="a"', ";", "=", '"', ":", "\r\n\r\n", "x");
	fc.assert(
		fc.property(fc.array(piece, { maxLength: 20, size: "max" }), fc.string(), (pieces, type) => {
			const bytes = Buffer.from(pieces.join(""), "latin1");
			parseMultipart(bytes, TYPE);
			parseMultipart(bytes, type);
			parseMultipart(bytes, `multipart/form-data; ${type}`);
		}),
		{ numRuns: 1000 },
	);
});
