import assert from "node:assert/strict";
import { test } from "node:test";
import { type Asked, receivedWith } from "../../../test/support/received.ts";
import { NO_GROUPS, type Principal } from "../../model/principal.ts";
import { HeaderFields } from "../../wire/header-fields.ts";
import { originList } from "../origin-list.ts";
import { type UnderstandDeps, understand } from "./understand.ts";

const ALICE: Principal = { kind: "api-key", id: "alice001", name: "alice", role: "user", models: null, groups: NO_GROUPS };
const DEPS: UnderstandDeps = {
	names: new Set(["localhost", "gpu.example"]),
	origins: originList([{ matches: (origin) => origin === "https://app.example" }]),
	limits: { maxDepth: 8, maxMembers: 100, bodyBytes: 200, bodyWithImagesBytes: 1_000 },
};
/** One pixel; its dimensions are of no matter here. */
const PNG = Buffer.from("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489", "hex").toString("base64");
const LONG = "x".repeat(300);

function understandWith(asked: Asked) {
	return understand({ ...receivedWith(asked), principal: ALICE }, DEPS);
}

function fields(...pairs: readonly (readonly [string, string])[]): HeaderFields {
	return new HeaderFields(
		pairs.map(([name]) => name),
		pairs.map(([, value]) => value),
	);
}

const chat = (body: unknown): Asked => ({ method: "POST", path: "/api/chat", body: JSON.stringify(body) });
const message = (content: unknown, more = {}) => ({ model: "door", messages: [{ role: "user", content, ...more }] });

const refusals: readonly (readonly [when: string, asked: Asked, reason: string])[] = [
	["the Host is a name that we do not answer for", { host: "evil.example" }, "host-not-served"],
	["the Host is such a name with our port", { host: "evil.example:11435" }, "host-not-served"],
	["the Host only ends like one of ours", { host: "not-localhost" }, "host-not-served"],
	["the Host looks like an address and is none", { host: "127.0.0.1.evil.example" }, "host-not-served"],
	["the Origin is not on the list", { fields: fields(["origin", "https://evil.example"]) }, "origin-not-allowed"],
	["the Origin is null", { fields: fields(["origin", "null"]) }, "origin-not-allowed"],
	["the Origin is our host without TLS", { host: "gpu.example", fields: fields(["origin", "http://gpu.example"]) }, "origin-not-allowed"],
	["the path is unknown", { path: "/api/secret" }, "operation-unknown"],
	["the path is encoded", { path: "/api/%74ags" }, "operation-unknown"],
	["the path has a slash too many", { path: "/api/tags/" }, "operation-unknown"],
	["the path is in another case", { path: "/API/tags" }, "operation-unknown"],
	["the method is not the operation's", { method: "DELETE", path: "/api/tags" }, "method-not-allowed"],
	["the body is compressed", { ...chat(message("x")), fields: fields(["content-encoding", "gzip"]) }, "content-encoding-unsupported"],
	["the body is missing", { method: "POST", path: "/api/chat" }, "body-missing"],
	["a GET has a body", { path: "/api/tags", body: "{}" }, "body-unexpected"],
	["the body is not JSON", { method: "POST", path: "/api/chat", body: "{" }, "body-not-json"],
	["the body is longer than without images", chat(message(LONG)), "body-too-large"],
	["the body is longer than with images", chat(message("x", { images: ["x".repeat(2_000)] })), "body-too-large"],
	["a long body has parts that are all text", chat({ model: "door", messages: [{ role: "user", content: LONG }] }), "body-too-large"],
	[
		"an operation that is no inference has a long body",
		{ method: "POST", path: "/api/show", body: JSON.stringify({ model: "door", system: LONG }) },
		"body-too-large",
	],
	[
		"the body is of a type that a form can send",
		{ ...chat(message("x")), fields: fields(["content-type", "text/plain"]) },
		"content-type-unsupported",
	],
	["the messages of a long body are no list", chat({ model: "door", messages: LONG }), "body-wrong-type"],
	[
		"a long OpenAI chat has only text parts",
		{ method: "POST", path: "/v1/chat/completions", body: JSON.stringify(message([{ type: "text", text: LONG }])) },
		"body-too-large",
	],
	[
		"a long embedding has text alone",
		{ method: "POST", path: "/api/embed", body: JSON.stringify({ model: "door", input: [LONG] }) },
		"body-too-large",
	],
	["the model is missing", chat({ messages: [] }), "model-missing"],
];

for (const [when, asked, reason] of refusals) {
	test(`refuses when ${when}`, async () => {
		const decision = await understandWith(asked);
		assert.equal(decision.permitted, false);
		assert.equal(decision.reason, reason);
	});
}

const permits: readonly (readonly [what: string, asked: Asked, operation: string])[] = [
	["a name of ours", { host: "localhost" }, "tags"],
	["a configured name with a port", { host: "gpu.example:11435" }, "tags"],
	["an IPv4 address", { host: "192.0.2.7:11435" }, "tags"],
	["an IPv6 address", { host: "[2001:db8::1]:11435" }, "tags"],
	["no Host, as HTTP/1.0 may", { host: "" }, "tags"],
	["an Origin on the list", { fields: fields(["origin", "https://app.example"]) }, "tags"],
	["a page of this very host", { host: "gpu.example", fields: fields(["origin", "https://gpu.example"]) }, "tags"],
	["a short chat", chat(message("who is there?")), "chat"],
	["a long chat with an image", chat(message("x", { images: [PNG.padEnd(300, "A")] })), "chat"],
	[
		"a long generate with an image",
		{ method: "POST", path: "/api/generate", body: JSON.stringify({ model: "door", images: [PNG.padEnd(300, "A")] }) },
		"generate",
	],
	[
		"a long OpenAI chat with an image part",
		{
			method: "POST",
			path: "/v1/chat/completions",
			body: JSON.stringify(message([{ type: "image_url", image_url: { url: `data:image/png;base64,${PNG.padEnd(300, "A")}` } }])),
		},
		"v1-chat-completions",
	],
	["a blob, unread", { method: "POST", path: `/api/blobs/sha256:${"a".repeat(64)}`, body: LONG }, "blob-upload"],
];

for (const [what, asked, operation] of permits) {
	test(`understands ${what}`, async () => {
		const decision = await understandWith(asked);
		assert.ok(decision.permitted, decision.permitted ? "" : `${decision.reason} ${decision.detail}`);
		assert.equal(decision.value.judged.operation.id, operation);
		assert.equal(decision.value.principal, ALICE);
	});
}

test("a body of exactly the limit is understood, and one byte more is not", async () => {
	const empty = JSON.stringify(message("")).length;
	const body = (bytes: number) => chat(message("x".repeat(bytes - empty)));
	assert.equal((await understandWith(body(200))).permitted, true);
	const refused = await understandWith(body(201));
	assert.ok(!refused.permitted);
	assert.equal(refused.detail, "201 bytes without an image, 200 allowed");
});

test("only an inference may have a body as long as images are", async () => {
	const limits: number[] = [];
	const limitOf = async (asked: Asked): Promise<void> => {
		const received = receivedWith(asked);
		const caller = {
			...received.caller,
			readBody: (limit: number) => (limits.push(limit), { refused: "body-too-large", detail: "" } as const),
		};
		await understand({ ...received, caller, principal: ALICE }, DEPS);
	};
	await limitOf(chat(message("x")));
	await limitOf({ method: "POST", path: "/api/show", body: "{}" });
	await limitOf({ path: "/api/tags" });
	assert.deepEqual(limits, [1_000, 200, 200]);
});

test("what was refused stands in the record", async () => {
	const detailOf = async (asked: Asked) => {
		const decision = await understandWith(asked);
		return decision.permitted ? null : decision.detail;
	};
	assert.equal(await detailOf({ method: "DELETE", path: "/api/tags" }), "DELETE /api/tags");
	assert.equal(await detailOf({ host: "evil.example" }), "evil.example");
	assert.equal(await detailOf({ fields: fields(["origin", "https://evil.example"]) }), "https://evil.example");
});

test("a blob without an announced length has none", async () => {
	const received = receivedWith({ method: "POST", path: `/api/blobs/sha256:${"a".repeat(64)}` });
	const decision = await understand({ ...received, head: { ...received.head, framing: { kind: "chunked" } }, principal: ALICE }, DEPS);
	assert.ok(decision.permitted && decision.value.judged.body.kind === "blob");
	assert.equal(decision.value.judged.body.length, null);
});

test("a blob's announced length is passed on and its bytes are not read", async () => {
	const decision = await understandWith({ method: "POST", path: `/api/blobs/sha256:${"a".repeat(64)}`, body: LONG });
	assert.ok(decision.permitted);
	assert.deepEqual(decision.value.judged.body, { kind: "blob", digest: `sha256:${"a".repeat(64)}`, length: 300 });
});

test("a body that broke off on its way is refused as the connection says", async () => {
	const received = receivedWith(chat(message("x")));
	const broken = { ...received.caller, readBody: () => Promise.resolve({ refused: "body-timeout", detail: "late" } as const) };
	const decision = await understand({ ...received, caller: broken, principal: ALICE }, DEPS);
	assert.deepEqual(decision, { permitted: false, reason: "body-timeout", detail: "late", retryAfterMs: null });
});
