/** Who is let through to which row, over TCP: every row of the table for every role, and what a cookie alone is worth. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { adminWorld } from "../../../test/support/admin-deps.ts";
import { ADMIN_ROLES, type AdminRole, isAtLeast } from "../../model/admin-role.ts";
import type { Way } from "../../sign-in/person.ts";
import { SignInDesk } from "../../sign-in/sign-in-desk.ts";
import { adminRoutes } from "../admin-api.ts";
import { createProbeApp } from "../probe-app.ts";

const PUBLIC = "https://admin.example.org";
const HOST = "admin.example.org";
const COOKIE = "__Host-rempart-session";

function world() {
	const { deps } = adminWorld();
	const desk = new SignInDesk(
		{
			publicUrl: PUBLIC,
			provider: {
				issuer: "https://id.example.org",
				clientId: "rempart",
				clientSecret: null,
				redirectUri: `${PUBLIC}/sign-in/callback`,
				scopes: ["openid"],
				algorithms: ["ES256"],
				authorities: null,
				userInfo: false,
			},
			rules: [],
			limits: { idleMs: 60_000, lifetimeMs: 60_000, maxSessions: 100 },
		},
		{
			now: Date.now,
			monotonic: () => 0,
			ask: () => Promise.reject(new Error("nobody is there")),
			record: () => ({ settled: Promise.resolve() }),
		},
	);
	const overstepped: string[] = [];
	const app = createProbeApp(deps, () => [], {
		deps,
		desk: () => desk,
		overstepped: ({ role }, what) => void overstepped.push(`${role} ${what}`),
	});
	const open = (role: AdminRole, way: Way) => {
		const opened = desk.sessions.open({ id: `psn_${role}_${way}`, name: role, subject: role, role }, way, null);
		assert.ok(opened !== null);
		return { token: opened.token.reveal(), csrf: opened.session.csrf };
	};
	const ask = async (method: string, path: string, headers: Record<string, string>) =>
		await app.request(`${PUBLIC}${path}`, { method, headers: { host: HOST, "content-type": "application/json", ...headers } });
	return { deps, open, ask, overstepped };
}

test("every row is closed to strangers, to each role below the one it names, and to no other", async () => {
	const { deps, open, ask, overstepped } = world();
	const tokens = ADMIN_ROLES.map((role) => [role, open(role, "terminal").token] as const);
	for (const { method, path, needs } of adminRoutes(deps)) {
		const here = path.replace(":id", "zzzzzzzz");
		assert.equal((await ask(method, here, {})).status, 401, `${method} ${path}`);
		for (const [role, token] of tokens) {
			const { status } = await ask(method, here, { authorization: `Bearer ${token}` });
			assert.equal(status === 403, !isAtLeast(role, needs), `${role}: ${method} ${path} ${status}`);
			assert.notEqual(status, 401);
		}
	}
	assert.ok(overstepped.includes("viewer POST /v1/keys"));
});

test("what only looks and what changes something are told apart by more than their method", () => {
	const { deps } = world();
	for (const { method, path, needs } of adminRoutes(deps)) {
		if (method === "POST" && path !== "/v1/policy/explain") assert.notEqual(needs, "viewer", path);
	}
});

const own = { origin: PUBLIC, "sec-fetch-site": "same-origin" };
const forgeries: readonly (readonly [what: string, headers: (csrf: string) => Record<string, string>])[] = [
	["no word on where it comes from", (csrf) => ({ "x-csrf-token": csrf })],
	["no token", () => own],
	["another session's token", () => ({ ...own, "x-csrf-token": "A".repeat(43) })],
	["the origin that Host would make, in clear", (csrf) => ({ origin: `http://${HOST}`, "x-csrf-token": csrf })],
	["a right origin and a wrong site", (csrf) => ({ origin: PUBLIC, "sec-fetch-site": "same-site", "x-csrf-token": csrf })],
	["a right site and a wrong origin", (csrf) => ({ ...own, origin: "https://evil.example", "x-csrf-token": csrf })],
	["a typed address", (csrf) => ({ "sec-fetch-site": "none", "x-csrf-token": csrf })],
	["a sandboxed page", (csrf) => ({ ...own, origin: "null", "x-csrf-token": csrf })],
];

for (const [what, headers] of forgeries) {
	test(`a cookie changes nothing with ${what}`, async () => {
		const { open, ask } = world();
		const { token, csrf } = open("admin", "browser");
		const answer = await ask("POST", "/v1/config/reload", { cookie: `${COOKIE}=${token}`, ...headers(csrf) });
		assert.equal(answer.status, 403);
	});
}

test("a cookie changes something with our origin and the session's token, and looks without", async () => {
	const { open, ask } = world();
	const { token, csrf } = open("admin", "browser");
	const cookie = `a=b; ${COOKIE}=${token}`;
	for (const from of [own, { origin: PUBLIC }, { "sec-fetch-site": "same-origin" }]) {
		assert.equal((await ask("POST", "/v1/config/reload", { cookie, "x-csrf-token": csrf, ...from })).status, 200);
	}
	assert.equal((await ask("GET", "/v1/status", { cookie })).status, 200);
});

for (const [what, headers] of [
	["a cookie without the prefix of https", (token: string) => ({ cookie: `rempart-session=${token}` })],
	["a cookie that comes twice", (token: string) => ({ cookie: `${COOKIE}=${token}; ${COOKIE}=${token}` })],
	["a token of a browser as a bearer", (token: string) => ({ authorization: `Bearer ${token}` })],
	["a token by another scheme", (token: string) => ({ authorization: `Basic ${token}` })],
	["a token in the query", () => ({})],
] as const) {
	test(`nobody is signed in by ${what}`, async () => {
		const { open, ask } = world();
		const { token } = open("admin", "browser");
		assert.equal((await ask("GET", `/v1/status?access_token=${token}`, headers(token))).status, 401);
	});
}

const led = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
for (const [what, method, path, headers, status] of [
	["a link to a page", "GET", "/", led, 200],
	["a link to the API", "GET", "/v1/status", led, 403],
	["a frame", "GET", "/", { ...led, "sec-fetch-dest": "iframe" }, 403],
	["an image", "GET", "/", { ...led, "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" }, 403],
	["a document that is fetched and not shown", "GET", "/", { ...led, "sec-fetch-mode": "no-cors" }, 403],
	["a form", "POST", "/sign-out", { ...led, origin: "https://evil.example" }, 403],
	["a script that may read the answer", "GET", "/", { ...led, origin: "https://evil.example" }, 403],
] as const) {
	test(`from another site ${what} is ${status === 200 ? "shown" : "refused"}`, async () => {
		const { ask } = world();
		assert.equal((await ask(method, path, headers)).status, status);
	});
}

test("a token of a terminal is no cookie, and is good as a bearer's", async () => {
	const { open, ask } = world();
	const { token } = open("admin", "terminal");
	assert.equal((await ask("GET", "/v1/status", { cookie: `${COOKIE}=${token}` })).status, 401);
	assert.equal((await ask("GET", "/v1/status", { authorization: `Bearer ${token}` })).status, 200);
});

test("a cookie and a token on one request are a refusal, even if both are right", async () => {
	const { open, ask } = world();
	const cookie = `${COOKIE}=${open("admin", "browser").token}`;
	for (const authorization of [`Bearer ${open("admin", "terminal").token}`, "Bearer x", ""]) {
		const answer = await ask("GET", "/v1/status", { cookie, authorization });
		assert.deepEqual([answer.status, JSON.parse(await answer.text()).code], [400, "credential-ambiguous"], authorization);
	}
});
