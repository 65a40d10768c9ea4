/**
 * Input that Ollama and somebody else have read differently: what reaches the upstream is what was judged, or nothing does.
 *
 * Rows are written against Ollama's behaviour as it was recorded: a case-variant key wins over the exact one, the last of two wins, what follows a
 * value is ignored, any content type is read as JSON, escapes in a path are decoded before routing, unclean paths are redirected.
 */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, before, suite, test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";

import type { Reason } from "../../src/model/reason.ts";
import { type Ask, ask } from "../support/asks.ts";
import { type Besieged, besieged } from "../support/besieged.ts";
import type { CanonicalRequest } from "../support/canonical-requests.ts";
import { recordedConnections } from "../support/recorded-frames.ts";

/** Why it was refused, or what the upstream was asked: method, path and body. */
type Outcome = { readonly refused: Reason } | { readonly asked: string; readonly body?: string };
type Row = readonly [what: string, request: Ask | string, outcome: Outcome];

const refused = (reason: Reason): Outcome => ({ refused: reason });
const asked = (line: string, body?: string): Outcome => (body === undefined ? { asked: line } : { asked: line, body });
const shown = (model: string): Outcome => asked("POST /api/show", `{"model":"${model}"}`);
const show = (body: string | Buffer): Ask => ({ path: "/api/show", body });
const pull = (body: string): Ask => ({ path: "/api/pull", body });
const get = (path: string, fields: Ask["fields"] = []): Ask => ({ path, fields });

const KEYS: readonly Row[] = [
	["a key in another case behind the exact one", show('{"model":"door","Model":"evil"}'), refused("body-ambiguous-key")],
	["a key in another case before the exact one", show('{"Model":"evil","model":"door"}'), refused("body-ambiguous-key")],
	["a key in another case alone", show('{"MODEL":"door"}'), refused("body-ambiguous-key")],
	["a key in another case, escaped", show('{"model":"door","\\u004dodel":"evil"}'), refused("body-ambiguous-key")],
	["a key in another case inside an option", show('{"model":"door","options":{"Num_Ctx":1}}'), refused("body-ambiguous-key")],
	[
		"a key in another case inside a message",
		{ path: "/api/chat", body: '{"model":"door","messages":[{"role":"user","content":"a","Content":"b"}]}' },
		refused("body-ambiguous-key"),
	],
	[
		"a key of another dialect in another case",
		{ path: "/v1/chat/completions", body: '{"model":"door","MAX_TOKENS":1}' },
		refused("body-ambiguous-key"),
	],
	["a long s for the s of insecure", pull('{"model":"door","in\u017fecure":true}'), refused("body-ambiguous-key")],
	["the same, escaped", pull('{"model":"door","in\\u017fecure":true}'), refused("body-ambiguous-key")],
	["a Kelvin sign for the k of top_k", show('{"model":"door","options":{"top_\u212a":1}}'), refused("body-ambiguous-key")],
	["a key twice", show('{"model":"door","model":"evil"}'), refused("body-duplicate-key")],
	["a key twice, once escaped", show('{"model":"door","\\u006dodel":"evil"}'), refused("body-duplicate-key")],
	["a key twice inside an option", show('{"model":"door","options":{"num_ctx":1,"num_ctx":2}}'), refused("body-duplicate-key")],
	[
		"a key twice in what is passed as it is",
		{ path: "/api/generate", body: '{"model":"door","format":{"a":1,"a":2}}' },
		refused("body-duplicate-key"),
	],
	["an escaped key", show('{"\\u006dodel":"door"}'), shown("door")],
	["unknown keys", show('{"model":"door","modell":"evil","x":{"model":"evil"}}'), shown("door")],
	[
		"a prototype",
		{ path: "/api/generate", body: '{"model":"door","format":{"__proto__":{"x":1}}}' },
		asked("POST /api/generate", '{"model":"door","format":{"__proto__":{"x":1}}}'),
	],
];

const NAMES: readonly Row[] = [
	["model null, name set", show('{"model":null,"name":"door"}'), shown("door")],
	["model empty, name set, as the stock client sends it", show('{"model":"","name":"door"}'), shown("door")],
	["name alone", show('{"name":"door"}'), shown("door")],
	["both, of one model", show('{"model":"door","name":"DOOR:latest"}'), shown("door")],
	["both, of two models", show('{"model":"door","name":"evil"}'), refused("body-duplicate-key")],
	["neither", show('{"model":null,"name":null}'), refused("model-missing")],
	["a name that is no text", show('{"model":"door","name":["evil"]}'), refused("body-wrong-type")],
	["a name in upper case", show('{"model":"DOOR"}'), shown("door")],
	["the default registry, spelt out", show('{"model":"registry.ollama.ai/library/door:LATEST"}'), shown("door:latest")],
	["a scheme", show('{"model":"https://registry.ollama.ai/library/door"}'), refused("model-name-invalid")],
	["a space before the name, which Ollama trims", show('{"model":" door"}'), refused("model-name-invalid")],
	["a zero byte behind the name", show('{"model":"door\\u0000"}'), refused("model-name-invalid")],
	["a way out of the folder", show('{"model":"../door"}'), refused("model-name-invalid")],
	["the tag :local, which is no tag", show('{"model":"door:local"}'), shown("door")],
];

const VALUES: readonly Row[] = [
	["garbage behind the value", show('{"model":"door"}garbage'), refused("body-not-json")],
	["a second value", show('{"model":"door"}{"model":"evil"}'), refused("body-not-json")],
	["a second value on a line of its own", show('{"model":"door"}\n{"model":"evil"}'), refused("body-not-json")],
	["a zero byte behind the value", show('{"model":"door"}\u0000'), refused("body-not-json")],
	["a byte order mark", show('\ufeff{"model":"door"}'), refused("body-not-json")],
	["bytes that are no UTF-8", show(Buffer.from('{"model":"door","x":"\xff\xfe"}', "latin1")), refused("body-not-json")],
	["an overlong slash in a name", show(Buffer.from('{"model":"a\xc0\xafb"}', "latin1")), refused("body-not-json")],
	["a comment", show('{"model":"door"/*,"model":"evil"*/}'), refused("body-not-json")],
	["a comma at the end", show('{"model":"door",}'), refused("body-not-json")],
	["a single quote", show("{'model':'door'}"), refused("body-not-json")],
	["a list of requests", show('[{"model":"door"}]'), refused("body-wrong-type")],
	["white space around the value", show(' \n\t{ "model" : "door" }\r\n'), shown("door")],
	["a number beyond a double", show('{"model":"door","options":{"num_ctx":1e400}}'), refused("body-wrong-type")],
	["a number as text", show('{"model":"door","options":{"num_ctx":"512"}}'), refused("body-wrong-type")],
	[
		"a number as an exponent",
		show('{"model":"door","options":{"num_ctx":1e3}}'),
		asked("POST /api/show", '{"model":"door","options":{"num_ctx":1000}}'),
	],
	[
		"a seed of 63 bits in options, where Ollama reads doubles",
		{ path: "/api/generate", body: '{"model":"door","options":{"seed":9223372036854775807}}' },
		asked("POST /api/generate", '{"model":"door","options":{"seed":9223372036854776000}}'),
	],
	[
		"a seed of 63 bits where Ollama reads integers",
		{ path: "/v1/chat/completions", body: '{"model":"door","seed":9223372036854775807}' },
		asked("POST /v1/chat/completions", '{"model":"door","seed":9223372036854775807}'),
	],
	["stream null", { path: "/api/generate", body: '{"model":"door","stream":null}' }, asked("POST /api/generate", '{"model":"door"}')],
	["a boolean as text", { path: "/api/generate", body: '{"model":"door","stream":"false"}' }, refused("body-wrong-type")],
];

const typed = (type: string, body = '{"model":"door"}'): string =>
	`POST /api/show HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

const TYPES: readonly Row[] = [
	["plain text, which a form of a page can send", typed("text/plain"), refused("content-type-unsupported")],
	["plain text that says JSON behind", typed("text/plain; application/json"), refused("content-type-unsupported")],
	["two types in one field", typed("application/json, text/plain"), refused("content-type-unsupported")],
	["a form with files", typed("multipart/form-data; boundary=x"), refused("content-type-unsupported")],
	["NDJSON", typed("application/x-ndjson"), refused("content-type-unsupported")],
	["what curl -d says", typed("application/x-www-form-urlencoded"), shown("door")],
	["JSON in another case", typed("Application/JSON"), shown("door")],
	["JSON that claims UTF-16", typed("application/json; charset=utf-16"), shown("door")],
	["none", 'POST /api/show HTTP/1.1\r\nHost: localhost\r\nContent-Length: 16\r\n\r\n{"model":"door"}', shown("door")],
	[
		"a form for a route of forms that is JSON",
		{ path: "/v1/audio/transcriptions", body: '{"model":"door"}' },
		refused("body-not-multipart"),
	],
];

const ENCODINGS: readonly Row[] = ["gzip", "zstd", "deflate", "br", "identity", "", "x-unknown"].map((coding) => {
	const body = '{"model":"door"}';
	const packed = coding === "gzip" ? gzipSync(body) : coding === "zstd" ? zstdCompressSync(body) : body;
	return [
		`Content-Encoding ${coding === "" ? "without a value" : coding}`,
		{ path: "/v1/responses", fields: [["Content-Encoding", coding]], body: packed },
		refused("content-encoding-unsupported"),
	];
});

const PATHS: readonly Row[] = [
	..."/api/%70ull /api%2Fpull /api%2fpull /%61pi/pull /api/pul%6C //api/pull /api//pull /api/./pull /x/../api/pull /../api/pull /api/pull/ /api/pull/. /API/pull /api/PULL /api/pull%00 /api/pull%20 /api/pull;x=1 /api/%2e/pull /api/%2e%2e/api/pull /api/%252e/pull /api/pull%3fx /api/pull%23 /api/x%0d%0aGET /api"
		.split(" ")
		.map((path): Row => [`POST ${path}`, { method: "POST", path, body: '{"model":"door"}' }, refused("operation-unknown")]),
	...[
		"/api\\pull",
		"\\api\\pull",
		"/api/pull#",
		"/api/pull#/api/tags",
		"api/pull",
		"http://localhost/api/pull",
		"//localhost/api/pull#x",
	].map((path): Row => [`POST ${path}`, { method: "POST", path, body: '{"model":"door"}' }, refused("request-malformed")]),
	["a query that names another path", get("/api/tags?x=/api/pull"), asked("GET /api/tags")],
	["a query that would override the method", get("/api/tags?_method=DELETE"), asked("GET /api/tags")],
	["a query with an empty name", get("/api/version?"), asked("GET /api/version")],
	["a model in the path with its colon escaped", get("/v1/models/door%3Alatest"), asked("GET /v1/models/door:latest")],
	["a model in the path of another case", get("/v1/models/DOOR"), asked("GET /v1/models/door")],
	["a model in the path with a slash escaped twice", get("/v1/models/a%252Fb"), refused("model-name-invalid")],
	["a way out in the model of the path", get("/v1/models/..%2Fdoor"), refused("model-name-invalid")],
	["a letter escaped in the model of the path", get("/v1/models/%64oor"), refused("model-name-invalid")],
	["two segments where one is", get("/v1/models/a/b"), refused("operation-unknown")],
	["no model in the path", get("/v1/models/"), refused("operation-unknown")],
	["a way out in a digest", { method: "HEAD", path: "/api/blobs/sha256:..%2F..%2Fetc" }, refused("digest-invalid")],
	[
		"a digest in the older spelling",
		{ method: "HEAD", path: `/api/blobs/sha256-${"A".repeat(64)}` },
		asked(`HEAD /api/blobs/sha256:${"a".repeat(64)}`),
	],
];

const FIELDS: readonly Row[] = [
	...["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"].map(
		(name): Row => [`${name}: DELETE`, get("/api/tags", [[name, "DELETE"]]), asked("GET /api/tags")],
	),
	...["X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP", "True-Client-IP", "X-Forwarded-Host", "X-Forwarded-Proto", "Via"].map(
		(name): Row => [`${name} of the caller`, get("/api/version", [[name, "203.0.113.9"]]), asked("GET /api/version")],
	),
];

/** What becomes of the recorded requests, one for each connection of the recording. */
const RECORDED: Readonly<Record<string, readonly Outcome[]>> = {
	"absolute-form": [refused("request-malformed"), refused("request-malformed"), refused("request-malformed")],
	"bad-utf8": [refused("body-not-json")],
	"bom-and-space": [refused("body-not-json"), shown("door")],
	chunked: [refused("request-malformed"), refused("request-malformed"), refused("transfer-coding-unsupported")],
	"content-encoding": [refused("content-encoding-unsupported"), refused("content-encoding-unsupported")],
	"content-type": [refused("content-type-unsupported"), shown("door"), shown("door"), shown("door")],
	"deeper-json": [refused("body-too-deep")],
	"duplicate-key": [refused("body-duplicate-key"), refused("body-duplicate-key")],
	"encoded-path": [
		refused("operation-unknown"),
		refused("operation-unknown"),
		refused("operation-unknown"),
		refused("operation-unknown"),
		refused("operation-unknown"),
		refused("operation-unknown"),
		asked("GET /api/tags"),
	],
	"escaped-key": [shown("door")],
	"expect-continue": [shown("door")],
	"get-with-body": [refused("body-unexpected")],
	http10: [asked("GET /api/version"), asked("POST /api/generate", '{"model":"door","prompt":"x"}')],
	"key-case": [refused("body-ambiguous-key"), refused("body-ambiguous-key"), refused("body-ambiguous-key")],
	"method-override": [asked("GET /api/tags")],
	"model-names": [
		shown("door"),
		shown("door:latest"),
		shown("door"),
		shown("door:latest"),
		refused("model-name-invalid"),
		refused("model-name-invalid"),
		refused("model-name-invalid"),
		shown("door"),
		refused("model-name-invalid"),
	],
	"name-for-model": [shown("door"), shown("door"), refused("body-duplicate-key")],
	numbers: [
		asked("POST /api/generate", '{"model":"door-endless","prompt":"x","stream":false,"options":{"num_predict":100,"num_ctx":512}}'),
		asked("POST /api/generate", '{"model":"door-endless","prompt":"x","stream":false,"options":{"num_predict":6,"num_ctx":512}}'),
		refused("body-wrong-type"),
		refused("body-wrong-type"),
	],
	pipelined: [asked("GET /api/version")],
	"spoofed-address": [asked("GET /api/version")],
	"stream-null": [
		asked("POST /api/generate", '{"model":"door","prompt":"x"}'),
		asked("POST /v1/chat/completions", '{"model":"door","messages":[{"role":"user","content":"x"}]}'),
	],
	trailing: [refused("body-not-json"), refused("body-not-json")],
	"unclean-path": [
		refused("operation-unknown"),
		refused("operation-unknown"),
		refused("operation-unknown"),
		refused("operation-unknown"),
		refused("operation-unknown"),
		refused("operation-unknown"),
		refused("request-malformed"),
		refused("operation-unknown"),
	],
	"unicode-fold": [refused("body-ambiguous-key")],
};

suite("what two readers take differently", () => {
	let w: Besieged;
	let permitted = 0;
	before(async () => {
		w = await besieged({ yaml: "admission: { burst: 10000 }\n" });
	});
	after(() => w[Symbol.asyncDispose]());

	for (const [group, rows] of Object.entries({ KEYS, NAMES, VALUES, TYPES, ENCODINGS, PATHS, FIELDS })) {
		suite(group.toLowerCase(), () => {
			for (const [what, request, outcome] of rows) {
				test(`${what}: ${nameOf(outcome)}`, () =>
					check(typeof request === "string" ? withKey(request) : ask({ key: w.keys.admin, ...request }), outcome));
			}
		});
	}

	suite("as recorded against a real Ollama", () => {
		for (const [scenario, outcomes] of Object.entries(RECORDED)) {
			for (const [at, { sent }] of recordedConnections(`differential-${scenario}`).entries()) {
				const outcome = outcomes[at] ?? refused("request-malformed");
				test(`${scenario}, ${at + 1}: ${nameOf(outcome)}`, () => check(withKey(sent.toString("latin1")), outcome));
			}
		}

		test("no recording of a differential is left out", () => {
			const recorded = readdirSync(new URL("../fixtures/recordings/", import.meta.url))
				.filter((name) => name.startsWith("differential-"))
				.map((name) => name.slice("differential-".length, -".json".length));
			assert.deepEqual(Object.keys(RECORDED).toSorted(), recorded.toSorted());
			for (const scenario of recorded) {
				assert.equal(RECORDED[scenario]?.length, recordedConnections(`differential-${scenario}`).length, scenario);
			}
		});
	});

	test("nothing else has reached the upstream in the meantime, and no claim about an address has", () => {
		const all = w.forwarded();
		assert.equal(all.length, permitted);
		for (const { fields } of all) assert.equal(fields.get("x-forwarded-for"), "127.0.0.1");
	});

	/** Requests are sent one after the other, so what is new at the upstream is this one's. */
	async function check(bytes: Buffer, outcome: Outcome): Promise<void> {
		const earlier = w.forwarded().length;
		const { answer, reason } = await w.attempt(bytes);
		const arrived = w.forwarded().slice(earlier);
		if ("refused" in outcome) {
			assert.deepEqual(arrived.map(lineOf), [], "a refused request was forwarded");
			assert.equal(reason, outcome.refused);
			assert.ok(answer.status >= 400);
			return;
		}
		assert.equal(reason, null);
		permitted += 1;
		assert.deepEqual(arrived.map(lineOf), [outcome.asked]);
		assert.equal(arrived[0]?.body.toString("utf8"), outcome.body ?? "");
	}

	function withKey(request: string): Buffer {
		return Buffer.from(request.replace("\r\n", `\r\nAuthorization: Bearer ${w.keys.admin}\r\n`), "latin1");
	}
});

function lineOf({ method, path }: CanonicalRequest): string {
	return `${method} ${path}`;
}

function nameOf(outcome: Outcome): string {
	return "refused" in outcome ? outcome.refused : `forwarded as ${outcome.asked}`;
}
