import assert from "node:assert/strict";
import { test } from "node:test";
import { adminWorld, EXPLANATION, requestStarted, STATUS, USAGE } from "../../test/support/admin-deps.ts";
import { KEY_PATTERN } from "../keys/key-format.ts";
import { KEY_PROBLEMS } from "../keys/key-problem.ts";
import { adminRoutes, createAdminApi } from "./admin-api.ts";
import type { UsageRequest } from "./admin-deps.ts";
import { PROBLEMS } from "./problem.ts";

type Api = ReturnType<typeof createAdminApi>;

const refusals: readonly (readonly [what: string, method: string, path: string, body: unknown, status: number, code: string])[] = [
	["a path that is not there", "GET", "/v1/nothing", undefined, 404, "not-found"],
	["the root", "GET", "/", undefined, 404, "not-found"],
	["a method that the path does not take", "DELETE", "/v1/keys", undefined, 405, "method-not-allowed"],
	["a POST to the probes", "POST", "/metrics", undefined, 405, "method-not-allowed"],
	["a body that is not JSON", "POST", "/v1/keys", "{", 415, "body-not-json"],
	["an unknown member", "POST", "/v1/keys", { name: "a", role: "user", admin: true }, 422, "request-invalid"],
	["a missing member", "POST", "/v1/keys", { name: "a" }, 422, "request-invalid"],
	["a member of the wrong type", "POST", "/v1/keys", { name: "a", role: "user", models: "llama*" }, 422, "request-invalid"],
	["a body that is a list", "POST", "/v1/keys", [], 422, "request-invalid"],
	["a name that is not printable", "POST", "/v1/keys", { name: "a\u0007", role: "user" }, 422, "name-invalid"],
	["a role that is not configured", "POST", "/v1/keys", { name: "a", role: "wizard" }, 422, "role-unknown"],
	["a key that is not there", "GET", "/v1/keys/zzzzzzzz", undefined, 404, "key-unknown"],
	["rotating a key that is not there", "POST", "/v1/keys/zzzzzzzz/rotate", {}, 404, "key-unknown"],
	["revoking a key that is not there", "POST", "/v1/keys/zzzzzzzz/revoke", undefined, 404, "key-unknown"],
	["a type of event that is not there", "GET", "/v1/events?type=request-started,nonsense", undefined, 422, "request-invalid"],
	["a limit of nothing", "GET", "/v1/events?limit=0", undefined, 422, "request-invalid"],
	["a limit in hexadecimal", "GET", "/v1/events?limit=0x10", undefined, 422, "request-invalid"],
	["usage by nothing that there is", "GET", "/v1/usage?by=colour", undefined, 422, "request-invalid"],
	["usage since no day", "GET", "/v1/usage?since=2026-02-30", undefined, 422, "request-invalid"],
	["usage of no month", "GET", "/v1/usage?month=2026-13", undefined, 422, "request-invalid"],
	["usage of a month and a range", "GET", "/v1/usage?month=2026-10&since=2026-10-02", undefined, 422, "request-invalid"],
	["more lines of usage than a page holds", "GET", "/v1/usage?limit=10001", undefined, 422, "request-invalid"],
	["an unknown parameter of usage", "GET", "/v1/usage?principal=x", undefined, 422, "request-invalid"],
	["a budget that is not there", "GET", "/v1/budgets/nonsense", undefined, 404, "budget-unknown"],
	["resetting a budget that is not there", "POST", "/v1/budgets/nonsense/reset", {}, 404, "budget-unknown"],
	["resetting a budget for a number", "POST", "/v1/budgets/daily/reset", { for: 7 }, 422, "request-invalid"],
	["more of a budget than a page holds", "GET", "/v1/budgets/daily?limit=10001", undefined, 422, "request-invalid"],
	["budgets of nobody there is", "GET", "/v1/budgets?principal=zzzzzzzz", undefined, 404, "principal-unknown"],
	["an unknown parameter", "GET", "/v1/events?model=x", undefined, 422, "request-invalid"],
	[
		"a subject of a kind that is not there",
		"POST",
		"/v1/policy/explain",
		{ subject: { kind: "god" }, method: "GET", path: "/" },
		422,
		"request-invalid",
	],
	["a body beyond the bound", "POST", "/v1/policy/explain", { body: "x".repeat(1_100_000) }, 413, "body-too-large"],
];

for (const [what, method, path, body, status, code] of refusals) {
	test(`answers ${what} with a problem document: ${code}`, async () => {
		const answer = await ask(createAdminApi(adminWorld().deps), method, path, body);
		assert.equal(answer.status, status);
		assert.equal(answer.type, "application/problem+json");
		assert.equal(answer.body.code, code);
		assert.equal(answer.body.status, status);
		assert.match(answer.id, /^[0-9a-f-]{36}$/);
		assert.equal(answer.body.requestId, answer.id);
	});
}

test("what is no id is not named, for it may be a whole key, and is said to be none", async () => {
	const { deps } = adminWorld();
	const api = createAdminApi(deps);
	for (const [method, path, title] of [
		["GET", "/v1/keys/rmp_live_abc", "that is no key's id"],
		["POST", "/v1/keys/rmp_live_abc/revoke", "that is no key's id"],
		["POST", "/v1/principals/rmp_live_abc/remove", "that is no principal's id"],
	] as const) {
		const answer = await api.request(path, { method });
		assert.equal(answer.status, 404);
		const text = await answer.text();
		assert.ok(text.includes(title), text);
		assert.ok(!text.includes("rmp_live_abc"), text);
	}
});

test("a form is not JSON, whatever its body says", async () => {
	const app = createAdminApi(adminWorld().deps);
	const answer = await app.request("/v1/keys", {
		method: "POST",
		body: '{"name":"a","role":"user"}',
		headers: { "content-type": "text/plain" },
	});
	assert.equal(answer.status, 415);
});

test("what throws is an internal error that tells nothing", async () => {
	const { deps } = adminWorld({
		status: () => {
			throw new Error("/secret/path");
		},
	});
	const answer = await ask(createAdminApi(deps), "GET", "/v1/status");
	assert.equal(answer.status, 500);
	assert.equal(answer.body.code, "internal-error");
	assert.doesNotMatch(answer.text, /secret/);
});

test("a log that cannot be read is said so, and the list is not empty instead", async () => {
	const { deps } = adminWorld({
		events: { read: () => Promise.reject(new Error("EIO")) },
		verifyEvents: () => Promise.reject(new Error("EIO")),
	});
	const app = createAdminApi(deps);
	for (const [method, path] of [
		["GET", "/v1/events"],
		["GET", "/v1/events?follow=true"],
		["POST", "/v1/events/verify"],
	] as const) {
		const answer = await ask(app, method, path);
		assert.equal(answer.status, 503);
		assert.equal(answer.body.code, "log-unreadable");
	}
});

test("usage that cannot be counted is said so, and is not nothing instead", async () => {
	const fail = () => Promise.reject(new Error("EIO /secret/path"));
	const app = createAdminApi(adminWorld({ usage: { report: fail, recompute: fail } }).deps);
	for (const [method, path] of [
		["GET", "/v1/usage"],
		["POST", "/v1/usage/recompute"],
	] as const) {
		const answer = await ask(app, method, path);
		assert.deepEqual([answer.status, answer.body.code], [503, "usage-unreadable"]);
		assert.doesNotMatch(answer.text, /secret/);
	}
});

test("a budget that begins anew but not on the disk is said so", async () => {
	const { budgets } = adminWorld().deps;
	const { deps } = adminWorld({ budgets: { ...budgets, reset: () => Promise.resolve("not-stored") } });
	const answer = await ask(createAdminApi(deps), "POST", "/v1/budgets/daily/reset");
	assert.deepEqual([answer.status, answer.body.code], [503, "not-stored"]);
});

test("usage is asked for as the query says: days, moments, a month", async () => {
	const asked: UsageRequest[] = [];
	const usage = {
		...adminWorld().deps.usage,
		report: (request: UsageRequest) => {
			asked.push(request);
			return Promise.resolve(USAGE);
		},
	};
	const app = createAdminApi(adminWorld({ usage }).deps);
	for (const query of ["", "by=model&since=2026-10-02&until=1790000000000&limit=5&offset=10", "by=day&month=2026-02"])
		assert.equal((await ask(app, "GET", `/v1/usage?${query}`)).status, 200);
	assert.deepEqual(asked, [
		{ by: "principal", since: null, until: null, limit: 1_000, offset: 0 },
		{ by: "model", since: "2026-10-02", until: 1_790_000_000_000, limit: 5, offset: 10 },
		{ by: "day", since: "2026-02-01", until: "2026-02-28", limit: 1_000, offset: 0 },
	]);
});

test("a refused configuration is a problem with every complaint", async () => {
	const { deps } = adminWorld({ reload: () => Promise.resolve({ reloaded: false, problems: ["line 3: x"] }) });
	const answer = await ask(createAdminApi(deps), "POST", "/v1/config/reload");
	assert.equal(answer.status, 422);
	assert.deepEqual(answer.body.problems, ["line 3: x"]);
});

test("every problem that keys know has a status here, and every code is kebab-case", () => {
	for (const code of KEY_PROBLEMS) assert.ok(PROBLEMS[code].status >= 400, code);
	for (const code of Object.keys(PROBLEMS)) assert.match(code, /^[a-z]+(-[a-z]+)*$/);
});

test("a key's text is in the answers that made it and in no other", async () => {
	const world = adminWorld();
	const app = createAdminApi(world.deps);
	const created = await ask(app, "POST", "/v1/keys", { name: "laptop", role: "user", models: ["llama3.2:*"] });
	assert.equal(created.status, 201);
	assert.match(String(created.body.key), KEY_PATTERN);
	const id = String(created.body.id);
	const rotated = await ask(app, "POST", `/v1/keys/${id}/rotate`, { overlapMs: 1000 });
	assert.match(String(rotated.body.key), KEY_PATTERN);
	const secrets = [created, rotated].map(({ body }) => String(body.key).slice("rmp_live_".length + 9));

	const others = [
		...(await Promise.all(
			adminRoutes(world.deps).map(({ method, path }) => ask(app, method, path.replace(":id", id), bodyFor(method, path, id))),
		)),
		...(await Promise.all(
			["/metrics", "/healthz", "/readyz", "/v1/nothing", `/v1/keys/${String(created.body.key)}`].map((path) => ask(app, "GET", path)),
		)),
	].filter(({ text }) => !text.includes('"key":"rmp_live_'));
	assert.ok(others.length >= adminRoutes(world.deps).length + 2);
	for (const { text } of others) for (const secret of secrets) assert.ok(!text.includes(secret), text);
	for (const secret of secrets) assert.ok(!JSON.stringify(world.recorded).includes(secret));
});

test("a key is made, listed, shown, rotated and revoked", async () => {
	const app = createAdminApi(adminWorld().deps);
	const created = await ask(app, "POST", "/v1/keys", { name: "laptop", role: "user" });
	const path = `/v1/keys/${String(created.body.id)}`;
	const listed = await ask(app, "GET", "/v1/keys");
	assert.ok(Array.isArray(listed.body.keys) && listed.body.keys.length === 1);
	assert.equal((await ask(app, "GET", path)).body.name, "laptop");
	assert.equal((await ask(app, "POST", "/v1/keys", { name: "LAPTOP", role: "user" })).body.code, "name-taken");
	assert.notEqual((await ask(app, "POST", `${path}/rotate`)).body.key, created.body.key);
	assert.equal((await ask(app, "POST", `${path}/revoke`)).body.state, "revoked");
	assert.equal((await ask(app, "POST", `${path}/revoke`)).status, 200);
	assert.equal((await ask(app, "POST", `${path}/rotate`)).body.code, "key-revoked");
});

test("events are read as the query says", async () => {
	const world = adminWorld();
	for (let i = 0; i < 5; i++) world.record(requestStarted({ request: `r${i}`, principal: i < 3 ? "aaaaaaaa" : "bbbbbbbb" }));
	const app = createAdminApi(world.deps);
	const seqs = async (query: string) => (await ask(app, "GET", `/v1/events?${query}`)).text.match(/(?<="seq":)\d+/g) ?? [];
	assert.deepEqual(await seqs("limit=2"), ["4", "5"]);
	assert.deepEqual(await seqs("key=aaaaaaaa"), ["1", "2", "3"]);
	assert.deepEqual(await seqs("request=r3"), ["4"]);
	assert.deepEqual(await seqs("type=key-created"), []);
	assert.deepEqual(await seqs("afterSeq=3&type=request-started,key-created"), ["4", "5"]);
});

test("following shows what was there, then what comes, one object a line", async () => {
	const world = adminWorld();
	world.record(requestStarted({ request: "old" }));
	const answer = await createAdminApi(world.deps).request("/v1/events?follow=true&limit=1");
	assert.equal(answer.headers.get("content-type"), "application/x-ndjson");
	const reader = answer.body?.getReader();
	assert.ok(reader !== undefined);
	const next = async () => new TextDecoder().decode((await reader.read()).value);
	assert.match(await next(), /^\{"seq":1,.*"request":"old".*\}\n$/);
	const coming = next();
	world.record(requestStarted({ request: "new1" }));
	world.record(requestStarted({ request: "new2" }));
	assert.match(await coming, /^\{"seq":2.*\n\{"seq":3.*\n$/);
	await reader.cancel();
});

test("a follower whose log breaks is cut off, not left waiting", async () => {
	const world = adminWorld();
	let broken = false;
	const events = {
		read: (query: Parameters<typeof world.deps.events.read>[0]) =>
			broken ? Promise.reject(new Error("EIO")) : world.deps.events.read(query),
	};
	const answer = await createAdminApi({ ...world.deps, events }).request("/v1/events?follow=true");
	broken = true;
	await assert.rejects(answer.text(), /EIO/);
});

test("policy explain, reload and status answer what they were given", async () => {
	const world = adminWorld();
	const app = createAdminApi(world.deps);
	const explained = await ask(app, "POST", "/v1/policy/explain", {
		subject: { kind: "role", name: "user" },
		method: "POST",
		path: "/api/pull",
	});
	assert.deepEqual(explained.body, EXPLANATION);
	assert.equal((await ask(app, "POST", "/v1/config/reload")).body.reloaded, true);
	assert.equal(world.reloads.length, 1);
	const status = await ask(app, "GET", "/v1/status");
	assert.equal(status.body.version, STATUS.version);
	assert.match(status.text, /ECONNREFUSED/);
});

interface Answer {
	readonly status: number;
	readonly type: string | null;
	readonly id: string;
	readonly text: string;
	readonly body: Body;
}

/** Every member that a test looks at. */
type Body = {
	readonly [member in
		| "code"
		| "status"
		| "requestId"
		| "problems"
		| "key"
		| "keys"
		| "id"
		| "name"
		| "state"
		| "reloaded"
		| "version"]?: unknown;
};

async function ask(app: Api, method: string, path: string, body?: unknown): Promise<Answer> {
	const init =
		body === undefined
			? {}
			: { body: typeof body === "string" ? body : JSON.stringify(body), headers: { "content-type": "application/json" } };
	const answer = await app.request(path, { method, ...init });
	const text = await answer.text();
	const type = answer.headers.get("content-type");
	const parsed: unknown = type?.includes("json") === true ? JSON.parse(text) : {};
	assert.equal(answer.headers.get("cache-control"), "no-store");
	return { status: answer.status, type, id: answer.headers.get("x-request-id") ?? "", text, body: parsed as Body }; // Every JSON answer is an object.
}

function bodyFor(method: string, path: string, id: string): unknown {
	if (method === "GET") return undefined;
	if (path === "/v1/policy/explain") return { subject: { kind: "key", id }, method: "GET", path: "/api/tags" };
	return path === "/v1/keys" ? { name: "other", role: "user" } : undefined;
}
