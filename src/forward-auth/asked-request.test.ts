import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";
import { UNSEEN_OPERATIONS } from "../model/unseen-operation.ts";
import { OPERATIONS } from "../ollama/operations.ts";
import { HeaderFields } from "../wire/header-fields.ts";
import type { RequestHead } from "../wire/message.ts";
import { RequestReader } from "../wire/request-reader.ts";
import { readAsked } from "./asked-request.ts";
import { isCanonical } from "./judge.ts";
import { ASKING_PROXIES } from "./proxies/index.ts";

const LIMITS = { maxHeadBytes: 16_384, maxFields: 64, maxTargetBytes: 4096 };
const [caddy] = ASKING_PROXIES;

type Field = readonly [name: string, value: string];

function questionOf(...fields: readonly Field[]): RequestHead {
	return {
		method: "GET",
		target: "/auth/caddy",
		path: "/auth/caddy",
		query: null,
		minor: 1,
		host: "rempart",
		fields: new HeaderFields(
			fields.map(([name]) => name),
			fields.map(([, value]) => value),
		),
		framing: { kind: "none" },
		keepAlive: true,
		expectsContinue: false,
	};
}

function asked(method: string, target: string, ...more: readonly Field[]) {
	assert.ok(caddy !== undefined);
	const fields: readonly Field[] = [
		["x-forwarded-method", method],
		["x-forwarded-uri", target],
		["x-forwarded-for", "203.0.113.9"],
		...more,
	];
	return readAsked(questionOf(...fields), caddy, LIMITS);
}

const callers: readonly (readonly [fields: readonly string[], peer: string | null])[] = [
	[[], null],
	[[""], null],
	[["203.0.113.9, "], null],
	[["203.0.113.9, unknown"], null],
	[["[2001:db8::1]"], null],
	[["203.0.113.9:80"], null],
	[["203.0.113.9 "], "203.0.113.9"],
	[["10.0.0.1, 203.0.113.9"], "203.0.113.9"],
	[["203.0.113.9", "10.0.0.1"], "10.0.0.1"],
	[["unknown,203.0.113.9"], "203.0.113.9"],
	[["2001:DB8:0:0::1"], "2001:db8::1"],
	[["::ffff:203.0.113.9"], "203.0.113.9"],
];
for (const [fields, peer] of callers) {
	test(`X-Forwarded-For ${JSON.stringify(fields)} is ${peer ?? "nobody"}`, () => {
		assert.ok(caddy !== undefined);
		const question = questionOf(
			["x-forwarded-method", "GET"],
			["x-forwarded-uri", "/"],
			...fields.map((value) => ["x-forwarded-for", value] as const),
		);
		const read = readAsked(question, caddy, LIMITS);
		assert.equal("malformed" in read ? null : read.peer, peer);
	});
}

test("the host, and whether the caller came over TLS, are the proxy's word; its name is read in lower case", () => {
	const read = asked("POST", "/api/chat?a=b", ["x-forwarded-host", "Ollama.Example.ORG:8443"], ["x-forwarded-proto", "HTTPS"]);
	assert.ok(!("malformed" in read), JSON.stringify(read));
	const { head, encrypted } = read;
	assert.deepEqual(
		[head.method, head.target, head.path, head.query, head.host, encrypted],
		["POST", "/api/chat?a=b", "/api/chat", "a=b", "ollama.example.org:8443", true],
	);
	for (const host of ["a b", "a@b", "a/b", "", "a,b", "a:0"]) assert.ok("malformed" in asked("GET", "/", ["x-forwarded-host", host]), host);
});

test("whatever is told becomes either that very request or none: the strict reader reads the same from a wire", () => {
	const texts = fc.oneof(
		fc.constantFrom("GET", "POST", "get", "GET /x HTTP/1.1", "CONNECT", ""),
		fc.stringMatching(/^[ -~]{0,20}$/),
		fc.stringMatching(/^\/[a-z/.%;#?& -]{0,20}$/),
	);
	fc.assert(
		fc.property(texts, texts, (method, target) => {
			const read = asked(method, target);
			const reader = new RequestReader(LIMITS);
			reader.push(Buffer.from(`${method} ${target} HTTP/1.0\r\n\r\n`, "latin1"));
			const part = reader.next();
			if ("malformed" in read) {
				assert.ok(part?.kind !== "head" || part.head.method !== method || part.head.target !== target);
				return;
			}
			assert.equal(read.head.method, method);
			assert.equal(read.head.target, target);
			assert.ok(part?.kind === "head" && part.head.path === read.head.path);
		}),
		{ numRuns: 1_000 },
	);
});

test("a path in canonical form means the same to every reader: nothing to decode, nothing to merge, nothing to walk up", () => {
	for (const { path } of OPERATIONS) {
		const concrete = path.replace(":digest", `sha256:${"a".repeat(64)}`).replace(/:\w+/, "llama3.2:3b");
		assert.ok(isCanonical(concrete), concrete);
	}
	fc.assert(
		fc.property(fc.oneof(fc.stringMatching(/^\/[a-z/.%;:\\A-Z0-9-]{0,24}$/), fc.webPath(), fc.string()), (path) => {
			if (!isCanonical(path)) return;
			const url = new URL(`http://a${path}`);
			assert.equal(url.pathname, path);
			assert.equal(decodeURIComponent(path), path);
			assert.doesNotMatch(path, /\/\/|\/\.|[;\\%?#]/);
		}),
		{ numRuns: 2_000 },
	);
});

test("the settings know every operation of which method and path do not say everything, and no other", () => {
	const unseen = OPERATIONS.filter(
		({ body, filter }) => body !== "none" || (filter !== null && filter !== "version" && filter !== "v1-model"),
	);
	assert.deepEqual(UNSEEN_OPERATIONS.toSorted(), unseen.map(({ id }) => id).toSorted());
});
