/**
 * The ways around the door that other proxies left open, tried on this one. Each group names the advisory or the lesson that it comes from.
 *
 * A stranger gets one answer, byte for byte, whatever is asked; who is known gets what the role grants and nothing besides, whatever else is said.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, suite, test } from "node:test";
import tls from "node:tls";

import { formatKey } from "../../src/keys/key-format.ts";
import type { OperationClass } from "../../src/model/operation-class.ts";
import type { Reason } from "../../src/model/reason.ts";
import type { Operation } from "../../src/ollama/operation.ts";
import { OPERATIONS } from "../../src/ollama/operations.ts";
import { BUILT_IN_ROLES } from "../../src/policy/built-in-roles.ts";
import { REPRESENTATIVES } from "../golden/representative-requests.ts";
import { ask } from "../support/asks.ts";
import { type Besieged, besieged } from "../support/besieged.ts";
import type { Bytes } from "../support/fake-upstream.ts";
import { connectRaw, type RawClient, type RawResponse } from "../support/raw-client.ts";

const YAML =
	"admission: { burst: 100000, requests_per_minute: 100000 }\nevents: { refusals_per_minute: 100000 }\n" +
	'gateway: { listen: "127.0.0.1:0", tls: { mode: off }, names: [door.example.org], origins: ["https://chat.example.org", "https://*.apps.example.org"] }\n';

/** Well formed, checksum and all, and nobody's. */
const CHECKSUMMED = formatKey("0".repeat(8), "0".repeat(32));

const UNKNOWN_PATHS = [
	"/nowhere",
	"/v1/nowhere",
	"/v1",
	"/v1/messages/nowhere",
	"/metrics",
	"/healthz",
	"/readyz",
	"/ping",
	"/health",
	"/favicon.ico",
	"/robots.txt",
	"/.well-known/security.txt",
	"/.claude/settings.json",
	"/openai/credentials.json",
	"/.env",
	"/admin",
	"/v1/keys",
	"/api/%70ull",
	"/api/../metrics",
	"/v1beta/models/gemini-pro:generateContent",
];

const OVERRIDES = [
	"X-Forwarded-Uri",
	"X-Original-URL",
	"X-Original-URI",
	"X-Rewrite-URL",
	"X-Forwarded-Path",
	"X-Forwarded-Prefix",
	"X-Forwarded-Method",
	"X-Original-Method",
	"X-Override-URL",
	"X-HTTP-DestinationURL",
];

const IDENTITY_FIELDS = [
	"X-Remote-User",
	"Remote-User",
	"X-Forwarded-User",
	"X-Forwarded-Email",
	"X-Forwarded-Groups",
	"X-Forwarded-Preferred-Username",
	"X-Auth-Request-User",
	"X-Webauth-User",
	"X-Authenticated-User",
	"X-User-Role",
	"X-Rempart-Role",
	"X-Ssl-Client-Verify",
	"X-Forwarded-Client-Cert",
	"X-Amzn-Oidc-Identity",
	"Cf-Access-Authenticated-User-Email",
	"Tailscale-User-Login",
];

suite("on one gateway", () => {
	let w: Besieged;
	before(async () => {
		w = await besieged({ yaml: YAML });
	});
	after(() => w[Symbol.asyncDispose]());

	async function answerTo(bytes: Bytes): Promise<RawResponse> {
		return (await w.ask(bytes)) ?? assert.fail("the connection ended without an answer");
	}

	suite("a stranger gets one answer, whatever is asked (Portkey #1718, Bifrost #937, NemoClaw #3338, CVE-2026-59822)", () => {
		for (const dialect of ["ollama", "openai", "anthropic"] as const) {
			const reference = { ollama: "/nowhere", openai: "/v1/nowhere", anthropic: "/v1/messages" }[dialect];
			const routes = OPERATIONS.filter(({ path }) => dialectOf(path) === dialect);
			const paths = [...new Set([...routes.map(pathOf), ...UNKNOWN_PATHS.filter((path) => dialectOf(path) === dialect)])];

			test(`every route of the ${dialect} dialect, known or not, with every method: the same bytes`, async () => {
				const wanted = sameFor(await answerTo(ask({ path: reference })));
				assert.match(wanted, /^401 /);
				for (const path of paths) {
					for (const method of ["GET", "POST", "DELETE", "PUT", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "X"]) {
						assert.equal(sameFor(await answerTo(ask({ method, path }))), wanted, `${method} ${path}`);
					}
					const bodiless = sameFor(await answerTo(ask({ method: "HEAD", path })));
					assert.equal(bodiless, wanted.slice(0, wanted.indexOf("\n\n") + 2), `HEAD ${path}`);
				}
			});
		}

		for (const [what, fields] of [
			["a malformed key", [["Authorization", "Bearer letmein"]]],
			["a key of nobody", [["Authorization", `Bearer ${CHECKSUMMED}`]]],
			["an empty key", [["Authorization", "Bearer "]]],
			["no scheme", [["Authorization", CHECKSUMMED]]],
			["a scheme that is not spoken", [["Authorization", 'Digest username="admin", response="0"']]],
			["Negotiate", [["Authorization", "Negotiate YII="]]],
			["SQL for a key (CVE-2026-42208)", [["Authorization", "Bearer ' OR '1'='1' --"]]],
			["SQL in the other field", [["X-Api-Key", "x' UNION SELECT * FROM keys --"]]],
			["a list of keys", [["Authorization", `Bearer ${CHECKSUMMED}, Bearer ${CHECKSUMMED}`]]],
			["Basic that is no base64", [["Authorization", "Basic !!!"]]],
			["Basic without a colon", [["Authorization", `Basic ${base64("nobody")}`]]],
			["Basic with a zero byte", [["Authorization", `Basic ${base64("a\0:b")}`]]],
			["Basic with the default password of something", [["Authorization", `Basic ${base64("admin:admin")}`]]],
			["a key of 8 KiB", [["X-Api-Key", "k".repeat(8000)]]],
			[
				"two strangers' keys",
				[
					["Authorization", "Bearer a"],
					["X-Api-Key", "b"],
				],
			],
			["a cookie", [["Cookie", "session=admin; token=admin"]]],
			["Proxy-Authorization", [["Proxy-Authorization", "Bearer admin"]]],
			...IDENTITY_FIELDS.map((name) => [`an identity in ${name}`, [[name, "admin"]]] as const),
			...["kube-probe/1.31", "GoogleHC/1.0", "ELB-HealthChecker/2.0", "Prometheus/3.0", "Ollama-Scanner/1.0", "rempart", "curl/8"].map(
				(agent) => [`the user agent ${agent} (GHSA-5hvv-m4w4-gf6v, CVE-2026-34457)`, [["User-Agent", agent]]] as const,
			),
			...OVERRIDES.map((name) => [`${name} that names a health endpoint (GHSA-7x63-xv5r-3p2x)`, [[name, "/healthz"]]] as const),
			["a foreign Host besides", [["X-Forwarded-Host", "localhost"]]],
			["a page's Origin", [["Origin", "https://evil.example"]]],
		] as const) {
			test(`${what}: the same bytes`, async () => {
				const wanted = sameFor(await answerTo(ask({ path: "/nowhere" })));
				assert.equal(sameFor(await answerTo(ask({ path: "/api/tags", fields }))), wanted);
			});
		}

		test("a foreign Host and a foreign Origin are told to nobody who is not known", async () => {
			const wanted = sameFor(await answerTo(ask({ path: "/nowhere" })));
			for (const host of ["evil.example", "door.example.org", "127.0.0.1", "[::1]"]) {
				assert.equal(sameFor(await answerTo(`GET /api/tags HTTP/1.1\r\nHost: ${host}\r\n\r\n`)), wanted, host);
			}
		});

		test("revoked, expired and rotated keys are strangers like any other", async () => {
			const wanted = sameFor(await answerTo(ask({ path: "/nowhere" })));
			const revoked = await w.gateway.createKey("admin");
			assert.equal((await w.gateway.admin.post(`/v1/keys/${idOf(revoked)}/revoke`, {})).status, 200);
			const rotated = await w.gateway.createKey("admin");
			assert.equal((await w.gateway.admin.post(`/v1/keys/${idOf(rotated)}/rotate`, { overlapMs: 0 })).status, 200);
			const wrong = `${w.keys.admin.slice(0, 30)}${w.keys.admin.slice(31)}0`;
			for (const key of [revoked, rotated, wrong, `${w.keys.admin}x`, w.keys.admin.toUpperCase()]) {
				assert.equal(sameFor(await answerTo(ask({ path: "/api/tags", key }))), wanted);
			}
		});

		test("a query is no place for a credential", async () => {
			const wanted = sameFor(await answerTo(ask({ path: "/nowhere" })));
			for (const name of ["api_key", "key", "token", "access_token", "authorization"]) {
				assert.equal(sameFor(await answerTo(ask({ path: `/api/tags?${name}=${w.keys.admin}` }))), wanted, name);
			}
		});

		test("a trailer is no place for a credential", async () => {
			const answer = await answerTo(
				`POST /api/show HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nAuthorization: Bearer ${w.keys.admin}\r\n\r\n`,
			);
			assert.equal(answer.status, 401);
		});
	});

	suite("credentials: every field alike, and one of them (GHSA-57q6-fvp4-pqmm)", () => {
		for (const [what, fields, status] of [
			["Bearer", [["Authorization", "Bearer KEY"]], 200],
			["bearer with two spaces", [["Authorization", "bEARER  KEY"]], 200],
			["X-Api-Key", [["X-Api-Key", "KEY"]], 200],
			["Api-Key", [["api-key", "KEY"]], 200],
			["Basic with the key for a password", [["Authorization", "Basic USER:KEY"]], 200],
			[
				"the same key twice",
				[
					["Authorization", "Bearer KEY"],
					["x-api-key", "KEY"],
				],
				200,
			],
			["Basic with the key for a user", [["Authorization", "Basic KEY:"]], 401],
			[
				"two keys, both good",
				[
					["Authorization", "Bearer KEY"],
					["x-api-key", "OTHER"],
				],
				401,
			],
			[
				"a good key and a bad one",
				[
					["Authorization", "Bearer KEY"],
					["x-api-key", "bad"],
				],
				401,
			],
			[
				"a bad key and a good one",
				[
					["Authorization", "Bearer bad"],
					["x-api-key", "KEY"],
				],
				401,
			],
			[
				"a good key and an empty one",
				[
					["Authorization", "Bearer KEY"],
					["x-api-key", ""],
				],
				401,
			],
			[
				"a good key beside a scheme that is not spoken",
				[
					["Authorization", "Negotiate YII="],
					["x-api-key", "KEY"],
				],
				401,
			],
			[
				"two Authorization fields",
				[
					["Authorization", "Bearer KEY"],
					["Authorization", "Basic OTHER:OTHER"],
				],
				401,
			],
			["Bearer with a tab", [["Authorization", "Bearer\tKEY"]], 401],
			["the key in a cookie beside nothing", [["Cookie", "KEY"]], 401],
			["the key in Proxy-Authorization", [["Proxy-Authorization", "Bearer KEY"]], 401],
		] as const) {
			test(`${what}: ${status}`, async () => {
				const put = (text: string): string => text.replace("OTHER", w.keys.operator).replace("KEY", w.keys.user);
				const filled = fields.map(([name, value]): readonly [string, string] => [
					name,
					value.startsWith("Basic ") ? `Basic ${base64(put(value.slice(6)))}` : put(value),
				]);
				assert.equal((await w.attempt(ask({ path: "/api/tags", fields: filled }))).answer.status, status);
			});
		}
	});

	suite("what is not granted is refused, whatever else is said", () => {
		for (const role of ["reader", "user", "operator"] as const) {
			const granted: readonly OperationClass[] = BUILT_IN_ROLES[role].classes;
			test(`${role}: no operation of another class passes`, async () => {
				const earlier = w.forwarded().length;
				for (const { operation: id, method, path, body, contentType } of REPRESENTATIVES) {
					const operation = OPERATIONS.find((each) => each.id === id) ?? assert.fail(id);
					if (granted.includes(operation.class)) continue;
					const bytes = Buffer.isBuffer(body) ? body : body === null ? "" : JSON.stringify(body);
					const answer = await answerTo(
						ask({ method, path, key: w.keys[role], body: bytes, ...(contentType === undefined ? {} : { contentType }) }),
					);
					assert.ok(answer.status === 403 || answer.status === 400, `${method} ${path} as ${role}: ${answer.status}`);
				}
				assert.equal(w.forwarded().length, earlier);
			});
		}

		for (const name of OVERRIDES) {
			test(`${name} changes neither what is judged nor where it goes (GHSA-7x63-xv5r-3p2x)`, async () => {
				const earlier = w.forwarded().length;
				const denied = await w.attempt(
					ask({ path: "/api/pull", key: w.keys.user, fields: [[name, "/api/tags"]], json: { model: "door" } }),
				);
				assert.equal(denied.reason, "class-denied" satisfies Reason);
				const allowed = await w.attempt(ask({ path: "/api/tags", key: w.keys.user, fields: [[name, "/api/pull"]] }));
				assert.equal(allowed.answer.status, 200);
				assert.deepEqual(
					w
						.forwarded()
						.slice(earlier)
						.map(({ path }) => path),
					["/api/tags"],
				);
			});
		}

		for (const name of [
			"X-Upstream",
			"X-Target-Url",
			"X-Portkey-Custom-Host",
			"X-Forwarded-Server",
			"X-Backend",
			"X-Host",
			"Location",
			"Proxy",
		]) {
			test(`${name} chooses no upstream (CVE-2025-66405; HTTPoxy, Caddy #7934)`, async () => {
				const earlier = w.forwarded().length;
				const { answer } = await w.attempt(ask({ path: "/api/version", key: w.keys.user, fields: [[name, "http://203.0.113.9:1/"]] }));
				assert.equal(answer.status, 200);
				const [forwarded] = w.forwarded().slice(earlier);
				assert.equal(forwarded?.fields.has(name.toLowerCase()), false);
			});
		}

		for (const name of IDENTITY_FIELDS) {
			test(`${name} makes nobody an admin and is not passed on (Caddy GHSA-7r4p-vjf4-gxv4)`, async () => {
				const earlier = w.forwarded().length;
				assert.equal(
					(await w.attempt(ask({ path: "/api/pull", key: w.keys.reader, fields: [[name, "admin"]], json: { model: "a" } }))).answer.status,
					403,
				);
				assert.equal((await w.attempt(ask({ path: "/api/tags", key: w.keys.reader, fields: [[name, "admin"]] }))).answer.status, 200);
				assert.deepEqual(
					w
						.forwarded()
						.slice(earlier)
						.map(({ fields }) => fields.has(name.toLowerCase())),
					[false],
				);
			});
		}

		test("nobody promotes itself: the gateway has no administration, and the probes have none either (CVE-2026-47102, CVE-2026-35029)", async () => {
			for (const path of [
				"/v1/keys",
				`/v1/keys/${idOf(w.keys.user)}/rotate`,
				"/v1/config/reload",
				"/admin",
				"/metrics",
				"/healthz",
				"/readyz",
			]) {
				for (const method of ["GET", "POST", "PUT", "PATCH"]) {
					const answer = await answerTo(ask({ method, path, key: w.keys.admin, ...(method === "GET" ? {} : { json: { role: "admin" } }) }));
					assert.equal(answer.status, 404, `${method} ${path}`);
				}
			}
			const probes = new URL(w.gateway.adminUrl);
			for (const path of ["/v1/keys", "/v1/status", "/v1/events"]) {
				const answer = await fetch(new URL(path, probes), { headers: { authorization: `Bearer ${w.keys.admin}` } });
				assert.equal(answer.status, 404, path);
			}
		});

		test("a method or path that is not there is told to who is known alone", async () => {
			const put = await w.attempt(ask({ method: "PUT", path: "/api/tags", key: w.keys.reader }));
			assert.deepEqual([put.answer.status, put.answer.header("allow"), put.reason], [405, "GET, HEAD", "method-not-allowed"]);
			const nowhere = await w.attempt(ask({ path: "/nowhere", key: w.keys.reader }));
			assert.deepEqual([nowhere.answer.status, nowhere.answer.header("allow"), nowhere.reason], [404, null, "operation-unknown"]);
		});

		test("a request id of the caller's is not taken over", async () => {
			const theirs = "11111111-1111-4111-8111-111111111111";
			const { answer } = await w.attempt(ask({ path: "/api/tags", key: w.keys.user, fields: [["X-Request-Id", theirs]] }));
			assert.notEqual(answer.header("x-request-id"), theirs);
			assert.ok(w.forwarded().every(({ fields }) => fields.get("x-request-id") !== theirs));
		});
	});

	suite("fields that steer a proxy", () => {
		for (const options of [
			"X-Forwarded-For",
			"x-FORWARDED-for, X-Request-Id",
			"Authorization",
			"Host",
			"Content-Length, Content-Type",
			"close, Authorization",
		]) {
			test(`Connection: ${options} takes away neither the caller's fields nor ours (Traefik 2026-02)`, async () => {
				const earlier = w.forwarded().length;
				const { answer } = await w.attempt(
					ask({
						path: "/api/show",
						key: w.keys.user,
						fields: [
							["Connection", options],
							["X-Forwarded-For", "203.0.113.9"],
						],
						json: { model: "door" },
					}),
				);
				assert.equal(answer.status, 200);
				const [forwarded] = w.forwarded().slice(earlier);
				assert.equal(forwarded?.fields.get("x-forwarded-for"), "127.0.0.1");
				assert.equal(forwarded?.fields.get("x-request-id"), answer.header("x-request-id"));
			});
		}

		for (const name of ["X_Forwarded_For", "Content_Length", "Transfer_Encoding", "X_Api_Key", "Remote_User", "HTTP_AUTHORIZATION", "_"]) {
			test(`${name} is refused: some servers take an underscore for a hyphen (Traefik 2026-04, Envoy)`, async () => {
				assert.equal((await w.attempt(ask({ path: "/api/tags", key: w.keys.user, fields: [[name, "1"]] }))).reason, "request-malformed");
			});
		}

		for (const [what, line] of [
			["a space before the colon", "X-Api-Key : x"],
			["a tab before the colon", "X-Api-Key\t: x"],
			["a folded line", "X-Test: a\r\n Authorization: Bearer x"],
			["a bare line feed", "X-Test: a\nX-Api-Key: x"],
			["a bare carriage return", "X-Test: a\rX-Api-Key: x"],
			["a zero byte", "X-Test: a\0b"],
			["an escape sequence", "User-Agent: \x1b[2J"],
			["a name with a bracket", "X[0]: a"],
			["a second Host", "Host: localhost"],
			["a second Host of another case", "hOST: evil.example"],
		] as const) {
			test(`${what} in the head is refused (http-garden)`, async () => {
				const { reason } = await w.attempt(
					`GET /api/tags HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${w.keys.user}\r\n${line}\r\n\r\n`,
				);
				assert.equal(reason, "request-malformed");
			});
		}
	});

	suite("Host and the target's authority (CVE-2024-28224, CVE-2026-49468)", () => {
		for (const [host, status] of [
			["localhost", 200],
			["LocalHost:11435", 200],
			["door.example.org", 200],
			["DOOR.example.ORG:443", 200],
			["127.0.0.1", 200],
			["192.0.2.7:80", 200],
			["[::1]:11435", 200],
			["evil.example", 421],
			["localhost.evil.example", 421],
			["evil.localhost", 421],
			["127.0.0.1.nip.io", 421],
			["2130706433", 421],
			["0x7f000001", 421],
			["0177.0.0.1", 421],
			["127.1", 421],
			["ollama", 421],
			["door.example.org.evil.example", 421],
			["xn--lcalhost-53a", 421],
			["user@localhost", 400],
			["localhost:", 400],
			["localhost:0x50", 400],
			["localhost, evil.example", 400],
			["localhost/api", 400],
			["[::1", 400],
			["[::1%25lo]", 400],
			["local\u00adhost", 400],
			["", 400],
		] as const) {
			test(`Host ${JSON.stringify(host)}: ${status}`, async () => {
				const head = `GET /api/tags HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${w.keys.user}\r\n\r\n`;
				const { answer } = await w.attempt(Buffer.from(head, "utf8"));
				assert.equal(answer.status, status);
			});
		}

		for (const target of [
			"http://localhost/api/tags",
			"http://evil.example/api/tags",
			"https://user:pass@localhost/api/tags",
			"localhost:443",
			"*",
		]) {
			test(`the target ${target} is refused: it names a second authority, or nothing`, async () => {
				const { reason } = await w.attempt(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${w.keys.user}\r\n\r\n`);
				assert.equal(reason, "request-malformed");
			});
		}

		test("X-Forwarded-Host does not help a foreign Host", async () => {
			const head = "GET /api/tags HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: localhost\r\nForwarded: host=localhost";
			assert.equal((await w.attempt(`${head}\r\nAuthorization: Bearer ${w.keys.user}\r\n\r\n`)).answer.status, 421);
		});
	});

	suite("pages of browsers", () => {
		for (const [origin, status] of [
			["https://chat.example.org", 200],
			["HTTPS://CHAT.example.org", 200],
			["https://one.apps.example.org", 200],
			["https://localhost", 200],
			["null", 403],
			["https://evil.example", 403],
			["http://chat.example.org", 403],
			["https://chat.example.org:8443", 403],
			["https://chat.example.org.evil.example", 403],
			["https://evil-chat.example.org", 403],
			["https://apps.example.org", 403],
			["https://one.two.apps.example.org", 403],
			["https://evil.example/https://chat.example.org", 403],
			["https://chat.example.org, https://evil.example", 403],
			["http://localhost", 403],
			["http://127.0.0.1:3000", 403],
			["file://", 403],
			["app://obsidian.md", 403],
			["", 403],
		] as const) {
			test(`Origin ${JSON.stringify(origin)}: ${status}, and its page may read the answer only where it may call`, async () => {
				const { answer } = await w.attempt(ask({ path: "/api/tags", key: w.keys.user, fields: [["Origin", origin]] }));
				assert.equal(answer.status, status);
				assert.equal(answer.header("access-control-allow-origin"), status === 200 ? origin : null);
				assert.equal(answer.header("access-control-allow-credentials"), null);
			});
		}

		test("a page whose name points here is refused, although it calls its own origin (DNS rebinding)", async () => {
			const head = `GET /api/tags HTTP/1.1\r\nHost: evil.example\r\nOrigin: https://evil.example\r\nAuthorization: Bearer ${w.keys.user}\r\n\r\n`;
			const { answer } = await w.attempt(head);
			assert.equal(answer.status, 421);
		});

		const preflight = (origin: string, host = "localhost", more: readonly (readonly [string, string])[] = []): string =>
			[
				"OPTIONS /api/chat HTTP/1.1",
				`Host: ${host}`,
				`Origin: ${origin}`,
				"Access-Control-Request-Method: POST",
				"Access-Control-Request-Headers: authorization, x-stainless-os",
				...more.map(([name, value]) => `${name}: ${value}`),
				"",
				"",
			].join("\r\n");

		test("an allowed page may ask beforehand, and is told what it may send; nothing is a wildcard", async () => {
			const { answer, reason } = await w.attempt(preflight("https://chat.example.org"));
			assert.deepEqual([answer.status, reason], [204, null]);
			assert.equal(answer.header("access-control-allow-origin"), "https://chat.example.org");
			assert.match(answer.header("access-control-allow-headers") ?? "", /authorization.*, x-stainless-os$/);
			assert.equal(answer.header("vary"), "Origin");
			assert.equal(answer.header("access-control-allow-credentials"), null);
			assert.doesNotMatch(JSON.stringify(answer.headers), /\*/);
		});

		for (const [what, bytes] of [
			["a foreign page", preflight("https://evil.example")],
			["a page without an origin of its own", preflight("null")],
			["a page whose name points here (DNS rebinding)", preflight("https://evil.example", "evil.example")],
			["a question without a method", "OPTIONS /api/chat HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\n\r\n"],
		] as const) {
			test(`${what} that asks beforehand gets the answer of every stranger`, async () => {
				assert.equal(sameFor(await answerTo(bytes)), sameFor(await answerTo(ask({ path: "/nowhere" }))));
			});
		}

		test("a public page is not let into a private network", async () => {
			const { answer } = await w.attempt(
				preflight("https://chat.example.org", "localhost", [["Access-Control-Request-Private-Network", "true"]]),
			);
			assert.equal(answer.header("access-control-allow-private-network"), null);
		});

		test("a preflight reaches nothing, whatever it carries", async () => {
			const earlier = w.forwarded().length;
			const { answer } = await w.attempt(preflight("https://chat.example.org", "localhost", [["Authorization", `Bearer ${w.keys.admin}`]]));
			assert.equal(answer.status, 204);
			assert.equal(w.forwarded().length, earlier);
		});
	});

	suite("other protocols on the same port", () => {
		for (const [what, fields] of [
			[
				"a WebSocket",
				[
					["Connection", "Upgrade"],
					["Upgrade", "websocket"],
					["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
					["Sec-WebSocket-Version", "13"],
				],
			],
			[
				"HTTP/2 in clear",
				[
					["Connection", "Upgrade, HTTP2-Settings"],
					["Upgrade", "h2c"],
					["HTTP2-Settings", "AAMAAABkAAQAAP__"],
				],
			],
			[
				"TLS inside",
				[
					["Connection", "Upgrade"],
					["Upgrade", "TLS/1.2"],
				],
			],
		] as const) {
			test(`${what}: the request is answered, nothing is switched, and what follows is not read`, async () => {
				const client = await w.connect();
				await client.send(
					Buffer.concat([ask({ path: "/api/version", key: w.keys.user, fields }), ask({ path: "/api/tags", key: w.keys.user })]),
				);
				const answer = await client.readResponse();
				assert.equal(answer.status, 200);
				assert.equal(answer.header("connection"), "close");
				assert.equal(answer.header("upgrade"), null);
				assert.equal((await client.readToEnd()).length, 0);
			});
		}

		for (const [what, bytes] of [
			["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
			["HTTP/0.9", "GET /api/tags\r\n\r\n"],
			["a TLS record in clear", Buffer.from("16030100a5010000a10303", "hex")],
			["the PROXY protocol, which is not configured", "PROXY TCP4 203.0.113.9 127.0.0.1 1 2\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n"],
			["PROXY protocol 2", Buffer.from("0d0a0d0a000d0a515549540a2111000c", "hex")],
			["CONNECT", "CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: 169.254.169.254:80\r\n\r\n"],
			["SSH", "SSH-2.0-OpenSSH_9.2\r\n"],
			["Redis", "*1\r\n$4\r\nINFO\r\n"],
			["SIP", "OPTIONS sip:nm SIP/2.0\r\nVia: SIP/2.0/TCP nm\r\n\r\n"],
			["zero bytes", Buffer.alloc(64)],
		] as const) {
			test(`${what} is refused and the connection closed`, async () => {
				const client = await w.connect();
				await client.send(bytes);
				const answer = await client.readResponseOrEnd();
				assert.ok(answer === null || answer.status === 400 || answer.status === 505, `${answer?.status}`);
				await client.closed;
				client.destroy();
			});
		}
	});

	suite("many requests on one connection", () => {
		test("each is judged by itself and answered in order", async () => {
			const client = await w.connect();
			const { user, reader } = w.keys;
			await client.send(
				Buffer.concat([
					ask({ path: "/api/version", key: user }),
					ask({ path: "/api/version" }),
					ask({ path: "/api/show", key: user, json: { model: "door" } }),
					ask({ path: "/api/show", json: { model: "door" } }),
					ask({ path: "/api/chat", key: reader, json: { model: "door" } }),
					ask({ path: "/v1/models" }),
					ask({ path: "/api/tags", key: user }),
				]),
			);
			const statuses: number[] = [];
			for (let each = 0; each < 7; each++) statuses.push((await client.readResponse()).status);
			assert.deepEqual(statuses, [200, 401, 200, 401, 403, 401, 200]);
			client.destroy();
		});

		test("a body is never read as the next request, answered or refused", async () => {
			const earlier = w.forwarded().length;
			const hidden = ask({ method: "DELETE", path: "/api/delete", key: w.keys.admin, json: { model: "door" } });
			const client = await w.connect();
			await client.send(
				Buffer.concat([
					ask({ path: "/api/show", key: w.keys.user, body: hidden }),
					ask({ path: "/api/show", body: hidden }),
					ask({ path: "/nowhere", key: w.keys.user, body: hidden }),
					ask({ path: "/api/pull", key: w.keys.reader, body: hidden }),
					ask({ path: "/api/version", key: w.keys.user }),
				]),
			);
			const statuses: number[] = [];
			for (let each = 0; each < 5; each++) statuses.push((await client.readResponse()).status);
			assert.deepEqual(statuses, [400, 401, 404, 400, 200]);
			client.destroy();
			assert.deepEqual(
				w
					.forwarded()
					.slice(earlier)
					.map(({ path }) => path),
				["/api/version"],
			);
		});

		for (const [what, first] of [
			["Connection: close", () => ask({ path: "/api/version", key: w.keys.user, fields: [["Connection", "close"]] })],
			["HTTP/1.0", () => `GET /api/version HTTP/1.0\r\nAuthorization: Bearer ${w.keys.user}\r\n\r\n`],
			["a malformed one", () => `GET /api/version HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0x5\r\n\r\n`],
		] as const) {
			test(`what follows ${what} is not read`, async () => {
				const earlier = w.forwarded().filter(({ path }) => path === "/api/delete").length;
				const client = await w.connect();
				await client.send(
					Buffer.concat([Buffer.from(first()), ask({ method: "DELETE", path: "/api/delete", key: w.keys.admin, json: { model: "door" } })]),
				);
				const answer = await client.readResponse();
				assert.equal(answer.header("connection"), "close");
				assert.equal((await client.readToEnd()).length, 0);
				assert.equal(w.forwarded().filter(({ path }) => path === "/api/delete").length, earlier);
			});
		}

		test("a thousand strangers in one packet are answered one after the other, and the connection ends", async () => {
			const client = await w.connect();
			await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(1500));
			let answered = 0;
			for (let answer = await client.readResponseOrEnd(); answer !== null; answer = await client.readResponseOrEnd()) {
				assert.equal(answer.status, 401);
				answered += 1;
			}
			assert.equal(answered, 1000);
		});
	});
});

suite("the names of TLS (CVE-2026-21637)", () => {
	let w: Besieged;
	before(async () => {
		w = await besieged({ tls: true });
	});
	after(() => w[Symbol.asyncDispose]());

	for (const [what, name] of [
		["of 256 bytes", Buffer.alloc(256, "a")],
		["of 60,000 bytes", Buffer.alloc(60_000, "a")],
		["that is empty", Buffer.alloc(0)],
		["outside ASCII", Buffer.from("l\u00f6calhost", "utf8")],
		["that is no UTF-8", Buffer.from([0xff, 0xfe, 0xc0, 0xaf])],
		["with a zero byte", Buffer.from("localhost\0evil", "latin1")],
		["that is an address", Buffer.from("127.0.0.1", "latin1")],
		["that is a path", Buffer.from("../../etc/passwd", "latin1")],
	] as const) {
		test(`a server name ${what} ends that connection at most`, async () => {
			const client = await connectClear();
			await client.send(clientHello(name));
			// A ServerHello, an alert or the end: which is the library's choice.
			await Promise.race([client.readBytes(1), client.closed]);
			client.destroy();
			assert.equal((await w.attempt(ask({ path: "/api/version", key: w.keys.user }))).answer.status, 200);
		});
	}

	for (const [what, bytes] of [
		["a request in clear", ask({ path: "/api/version" })],
		["SSL 2", Buffer.from("802e0100020015000000100100800200800300800400800500800600400700c0", "hex")],
		["a record that claims 65,535 bytes", Buffer.from("160301ffff0100", "hex")],
		["an alert first", Buffer.from("15030300020228", "hex")],
		["application data first", Buffer.from("1703030005aaaaaaaaaa", "hex")],
	] as const) {
		test(`${what} on the port of TLS gets no answer in clear`, async () => {
			const client = await connectClear();
			await client.send(bytes);
			client.halfClose();
			const answer = await client.readToEnd();
			assert.doesNotMatch(answer.toString("latin1"), /HTTP/);
			client.destroy();
		});
	}

	test("a server name that is not ours gets the same certificate, and Host decides", async () => {
		const client = await w.connect({ servername: "localhost" });
		await client.send(`GET /api/version HTTP/1.1\r\nHost: evil.example\r\nAuthorization: Bearer ${w.keys.user}\r\n\r\n`);
		assert.equal((await client.readResponse()).status, 421);
		client.destroy();
	});

	for (const [what, options] of [
		["TLS 1.1", { maxVersion: "TLSv1.1", minVersion: "TLSv1.1", ciphers: "ALL:@SECLEVEL=0" }],
		["no forward secrecy", { maxVersion: "TLSv1.2", ciphers: "AES128-GCM-SHA256" }],
		["CBC", { maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA" }],
		["HTTP/2 and nothing else", { ALPNProtocols: ["h2"] }],
	] as const) {
		test(`a client that speaks ${what} is not let in`, async () => {
			const socket = tls.connect({
				port: w.gateway.port,
				host: "127.0.0.1",
				ca: w.gateway.ca,
				servername: "localhost",
				...options,
				ALPNProtocols: [...("ALPNProtocols" in options ? options.ALPNProtocols : ["http/1.1"])],
			});
			await assert.rejects(once(socket, "secureConnect"));
			socket.destroy();
		});
	}

	test("of HTTP/2 and HTTP/1.1 the latter is spoken", async () => {
		const socket = tls.connect({
			port: w.gateway.port,
			host: "127.0.0.1",
			ca: w.gateway.ca,
			servername: "localhost",
			ALPNProtocols: ["h2", "http/1.1"],
		});
		await once(socket, "secureConnect");
		assert.equal(socket.alpnProtocol, "http/1.1");
		socket.destroy();
	});

	function connectClear(): Promise<RawClient> {
		return connectRaw({ port: w.gateway.port });
	}
});

function dialectOf(path: string): "ollama" | "openai" | "anthropic" {
	if (!path.startsWith("/v1/")) return "ollama";
	return path.startsWith("/v1/messages") ? "anthropic" : "openai";
}

function pathOf({ path }: Operation): string {
	return path.replace(/:digest$/, `sha256:${"a".repeat(64)}`).replace(/:\w+$/, "door");
}

/** Status, fields and body, with the request id taken out: what a stranger can tell answers apart by. */
function sameFor({ status, reason, headers, body }: RawResponse): string {
	const id = headers.find(([name]) => name.toLowerCase() === "x-request-id")?.[1] ?? assert.fail("no request id");
	const head = [`${status} ${reason}`, ...headers.map(([name, value]) => `${name}: ${value}`)].join("\n");
	return `${head}\n\n${body.toString("latin1")}`.replaceAll(id, "ID");
}

function base64(text: string): string {
	return Buffer.from(text, "utf8").toString("base64");
}

function idOf(key: string): string {
	return key.split("_")[2] ?? "";
}

/** A ClientHello of TLS 1.2 and 1.3 with this server name, as no library would make it. */
function clientHello(name: Buffer): Buffer {
	const extension = (type: number, body: Buffer): Buffer => Buffer.concat([uint16(type), uint16(body.length), body]);
	const serverName = Buffer.concat([uint16(name.length + 3), Buffer.of(0), uint16(name.length), name]);
	const extensions = Buffer.concat([
		extension(0, serverName),
		extension(10, Buffer.from("0004001d0017", "hex")),
		extension(13, Buffer.from("0006040308040401", "hex")),
		extension(43, Buffer.from("020303", "hex")),
	]);
	const body = Buffer.concat([
		Buffer.from("0303", "hex"),
		Buffer.alloc(32, 7),
		Buffer.of(0),
		Buffer.from("0004c02bc02f", "hex"),
		Buffer.from("0100", "hex"),
		uint16(extensions.length),
		extensions,
	]);
	const message = Buffer.concat([Buffer.of(1, body.length >> 16, (body.length >> 8) & 255, body.length & 255), body]);
	const records: Buffer[] = [];
	for (let at = 0; at < message.length; at += 16_384) {
		const fragment = message.subarray(at, at + 16_384);
		records.push(Buffer.from("160301", "hex"), uint16(fragment.length), fragment);
	}
	return Buffer.concat(records);
}

function uint16(value: number): Buffer {
	return Buffer.of(value >> 8, value & 255);
}
