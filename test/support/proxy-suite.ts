/**
 * What must hold whichever proxy stands before or beside Rempart: run against each real program, with the configuration that is printed for it.
 *
 * The bypasses are those that the field's own proxies were found with. Their common measure is what reaches Ollama: nothing for a stranger, and for a
 * caller who may do one thing that one thing alone, however it is spelt.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, suite, test } from "node:test";

import { CLAIMED_FIELDS } from "../../src/cli/proxy/plan.ts";
import { ask } from "./asks.ts";
import { eventually } from "./eventually.ts";
import type { FakeRequest } from "./fake-upstream.ts";
import { ggufBytes } from "./gguf-bytes.ts";
import { plausibleOllama } from "./plausible-ollama.ts";
import type { RawResponse } from "./raw-client.ts";
import { findProgram, type RealProgram } from "./real-program.ts";
import { type ProxyKind, type RealProxy, startRealProxy } from "./real-proxy.ts";

export interface ProxyFacts {
	readonly kind: ProxyKind;
	readonly program: RealProgram;
	/** Whether it shows Rempart the body when it asks. */
	readonly showsBody: boolean;
	/** Whether a caller who leaves before the first byte of the answer is noticed at once. */
	readonly noticesEarlyDeparture: boolean;
	/** Whether it shows a body that came in chunks, having put it together. */
	readonly showsChunked: boolean;
	/** Whether it refuses a caller who nominates the proxy's own fields in `Connection`, instead of leaving that out. */
	readonly refusesNominations: boolean;
	/** Whether it refuses a field whose name has an underscore, instead of leaving it out. */
	readonly refusesUnderscores: boolean;
	/** Whether it takes dot segments out of a path before it asks, and forwards the path that it asked about. */
	readonly resolvesDots: boolean;
	/** Whether it can ask over a Unix socket. */
	readonly asksOverSocket: boolean;
}

const YAML =
	"limits: { drain_timeout: 1s, body: 256KiB, body_with_images: 256KiB }\n" +
	"admission: { burst: 100000, requests_per_minute: 100000 }\nevents: { refusals_per_minute: 100000 }\n" +
	'roles: { few: { classes: [probe] }, narrow: { classes: [probe, read, infer], models: { allow: ["door:*"] } } }\n';

const MARK: readonly [string, string] = ["X-Test", "1"];
const CHAT = { model: "door", messages: [{ role: "user", content: "who is there?" }] };

/** Spellings of paths that two readers may take for different ones; none may become `/api/tags` for somebody who may not read it. */
const SPELLINGS = [
	"/api/%74ags",
	"/api%2ftags",
	"/api%2Ftags",
	"/api/version/..%2ftags",
	"/api/version%2f..%2ftags",
	"/api/version/%2e%2e/tags",
	"/api/version/..%5ctags",
	"/api/version/.%2e/tags",
	"/api/version/../tags",
	"/api/version/..;/tags",
	"/api/version/;/../tags",
	"/api/version\\..\\tags",
	"/api\\tags",
	"//api/tags",
	"///api/tags",
	"/api//tags",
	"/./api/tags",
	"/api/./tags",
	"/../api/tags",
	"/api/tags/",
	"/api/tags/.",
	"/api/tags;/api/version",
	"/api/tags%00",
	"/api/tags%20",
	"/api/tags%3f",
	"/api/tags%0d%0aX-Injected:%20yes",
	"/api/tags/../version",
	"/api/tags/%2e%2e/version",
	"/api/tags/..%2fversion",
	"/api/tags/..;/version",
	"/api/%76ersion",
	"//api/version",
	"/api/./version",
	"/api/version/",
	"/api/version#/../tags",
	"/api/tags#/api/version",
	"/API/TAGS",
	"/api/tags?/api/version",
	"/api/version%3f/../tags",
	"/auth/nginx",
	"/auth/traefik",
	"/auth/caddy",
	"/auth/envoy/api/tags",
	"/.rempart-ask",
	"/ping",
	"/health",
	"/robots.txt",
	"http://localhost/api/tags",
	"http://evil.example/api/tags",
	"https://localhost/api/tags",
	"*",
	"api/tags",
] as const;

/** Fields by which the request that is asked about would be another than the one that is forwarded (GHSA-7x63-xv5r-3p2x and its kind). */
const OVERRIDES: readonly (readonly (readonly [string, string])[])[] = [
	...[
		"X-Original-URI",
		"X-Original-URL",
		"X-Rewrite-URL",
		"X-Forwarded-Uri",
		"X-Forwarded-Path",
		"X-Forwarded-Prefix",
		"X-Envoy-Original-Path",
	].flatMap(
		(name) =>
			[
				[[name, "/api/version"]],
				[
					[name, "/api/version"],
					[name, "/api/version"],
				],
				[[name.replaceAll("-", "_"), "/api/version"]],
				[
					["Connection", `close, ${name}`],
					[name, "/api/version"],
				],
				[["Connection", `keep-alive, ${name.toLowerCase()}, x-forwarded-method, x-original-method, x-forwarded-for`]],
			] as const,
	),
	[
		["X-Original-Method", "GET"],
		["X-Original-URI", "/api/version"],
		["X-Forwarded-Method", "GET"],
		["X-Forwarded-Uri", "/api/version"],
	],
	[["X-Envoy-Auth-Partial-Body", "false"]],
	[["X-Forwarded-For", "127.0.0.1"]],
	[["X-Real-IP", "127.0.0.1"]],
	[["Forwarded", "for=127.0.0.1;host=localhost;proto=https"]],
	[["X-Forwarded-Host", "localhost"]],
];

/** A health check is no exemption (GHSA-5hvv-m4w4-gf6v). */
const AGENTS = ["kube-probe/1.31", "GoogleHC/1.0", "ELB-HealthChecker/2.0", "Prometheus/3.0"] as const;

export function proveProxy(facts: ProxyFacts): void {
	const found = findProgram(facts.program);
	if ("absent" in found) {
		test(`${facts.kind} with the printed configuration`, { skip: found.absent }, () => undefined);
		return;
	}
	proveArrangement(facts, found.path, "beside");
	proveArrangement(facts, found.path, "behind");
}

function proveArrangement(facts: ProxyFacts, program: string, arrangement: "beside" | "behind"): void {
	const { kind, showsBody } = facts;
	const beside = arrangement === "beside";
	suite(`${kind}, Rempart ${arrangement} it`, () => {
		let w: RealProxy;
		let user = "";
		let few = "";
		let narrow = "";
		const chats: FakeRequest[] = [];
		before(async () => {
			const answer = plausibleOllama();
			w = await startRealProxy({
				kind,
				arrangement,
				program,
				tls: true,
				yaml: YAML,
				unseen: showsBody ? [] : ["chat"],
				script: async (request) => {
					if (request.target === "/api/chat") chats.push(request);
					else await answer(request);
				},
			});
			[user, few, narrow] = await Promise.all([
				w.gateway.createKey("user", { name: "ada" }),
				w.gateway.createKey("few"),
				w.gateway.createKey("narrow"),
			]);
		});
		after(() => w[Symbol.asyncDispose]());

		async function send(bytes: Buffer): Promise<RawResponse | null> {
			const client = await w.connect();
			try {
				await client.send(bytes);
				return await client.readResponseOrEnd();
			} finally {
				client.destroy();
			}
		}

		async function answered(bytes: Buffer): Promise<RawResponse> {
			return (await send(bytes)) ?? assert.fail("the connection ended without an answer");
		}

		/** What reached the upstream while something was tried. */
		async function reaching(attempt: () => Promise<unknown>): Promise<readonly FakeRequest[]> {
			const earlier = w.callers().length;
			await attempt();
			return w.callers().slice(earlier);
		}

		async function nextChat(): Promise<FakeRequest> {
			await eventually(() => chats.length > 0);
			return chats.shift() ?? assert.fail();
		}

		suite("a stranger reaches nothing", () => {
			for (const path of ["/", "/api/version", "/api/tags", "/api/chat", "/v1/models", "/metrics", "/nowhere"]) {
				test(`${path} is 401`, async () => {
					const reached = await reaching(async () => {
						const answer = await answered(ask({ path, fields: [MARK] }));
						assert.equal(answer.status, 401);
						assert.match(answer.header("www-authenticate") ?? "", /^Bearer/);
						assert.match(answer.text(), /"error"/);
					});
					assert.deepEqual(reached, []);
				});
			}

			test("however the path is spelt and whatever is claimed", async () => {
				const reached = await reaching(async () => {
					for (const path of SPELLINGS) {
						const answer = await send(raw("GET", path, [MARK]));
						assert.ok(answer === null || answer.status >= 400, `${path}: ${answer?.status}`);
					}
					for (const fields of OVERRIDES) await send(ask({ path: "/api/tags", fields: [MARK, ...fields] }));
					for (const agent of AGENTS) await send(ask({ path: "/api/version", fields: [MARK, ["User-Agent", agent]] }));
					for (const field of CLAIMED_FIELDS) {
						for (const name of [field, field.replaceAll("-", "_")]) await send(ask({ path: "/api/tags", fields: [MARK, [name, "admin"]] }));
					}
					for (const method of ["OPTIONS", "HEAD", "TRACE", "PROPFIND", "X"]) {
						const client = await w.connect();
						await client.send(ask({ method, path: "/api/tags", fields: [MARK] }));
						const { status } = await client.readHead();
						assert.ok(status >= 400, `${method}: ${status}`);
						client.destroy();
					}
				});
				assert.deepEqual(
					reached.map(({ method, target }) => `${method} ${target}`),
					[],
				);
			});
		});

		suite("a caller reaches what its role grants", () => {
			test("and is answered by Ollama", async () => {
				const reached = await reaching(async () => {
					const answer = await answered(ask({ path: "/api/tags", key: user, fields: [MARK] }));
					assert.equal(answer.status, 200);
					assert.match(answer.text(), /door:latest/);
				});
				assert.equal(reached.length, 1);
			});

			test("and nothing else", async () => {
				const reached = await reaching(async () => {
					assert.equal((await answered(ask({ path: "/api/tags", key: few, fields: [MARK] }))).status, 403);
					assert.equal((await answered(ask({ path: "/metrics", key: user, fields: [MARK] }))).status, 404);
					assert.equal((await answered(ask({ path: "/api/pull", key: user, json: { model: "door" }, fields: [MARK] }))).status, 403);
					const wrongMethod = await answered(ask({ method: "DELETE", path: "/api/tags", key: user, fields: [MARK] }));
					assert.equal(wrongMethod.status, 405);
					assert.match(wrongMethod.header("allow") ?? "", /GET/);
					assert.equal((await answered(ask({ path: "/api/tags", key: user, fields: [MARK, ["X-Api-Key", few]] }))).status, 401);
				});
				assert.deepEqual(reached, []);
			});

			test("however the path is spelt: no spelling of one path becomes another", async () => {
				const reached = await reaching(async () => {
					for (const path of SPELLINGS) {
						const answer = await send(raw("GET", path, [MARK, ["Authorization", `Bearer ${few}`]]));
						// Whatever it is spelt like, what is reached is the one path that may be; see below.
						const mayPass = facts.resolvesDots || path.startsWith("/api/version");
						assert.ok(answer === null || answer.status >= 400 || mayPass, `${path}: ${answer?.status}`);
					}
				});
				for (const { method, target } of reached) assert.match(`${method} ${target}`, /^GET \/api\/version$/);
			});

			test("whatever it says was really asked for", async () => {
				const reached = await reaching(async () => {
					for (const fields of OVERRIDES) {
						const answer = await answered(ask({ path: "/api/tags", key: few, fields: [MARK, ...fields] }));
						assert.ok(
							answer.status === 403 || answer.status === 400 || answer.status === 503,
							`${JSON.stringify(fields)}: ${answer.status}`,
						);
					}
				});
				assert.deepEqual(reached, []);
			});

			test("under its own name alone, and without its credential (GHSA-7r4p-vjf4-gxv4)", async () => {
				const spelt = CLAIMED_FIELDS.map((name) => [name, "admin"] as const);
				// Programs behind that take fields from environment variables (CGI, WSGI) see no difference between the two spellings.
				const underscored = spelt.map(([name, value]) => [name.replaceAll("-", "_"), value] as const);
				const claims = facts.refusesUnderscores ? spelt : [...spelt, ...underscored];
				const nominated = ["Connection", `keep-alive, ${CLAIMED_FIELDS.join(", ")}, X-Forwarded-For`] as const;
				for (const fields of [claims, [...claims, nominated]]) {
					const refuses = facts.refusesNominations && fields !== claims;
					const [reached, ...more] = await reaching(async () => {
						const answer = await answered(
							ask({ path: "/api/tags", key: user, fields: [MARK, ["Proxy", "evil"], ["X-Api-Key", user], ...fields] }),
						);
						assert.equal(answer.status, refuses ? 400 : 200);
					});
					if (refuses) {
						assert.equal(reached, undefined);
						continue;
					}
					assert.ok(reached !== undefined && more.length === 0);
					const held = reached.headers.filter(([, value]) => value.includes("admin") || value.includes(user) || value.includes("evil"));
					assert.deepEqual(held, []);
					if (beside) assert.deepEqual(reached.header("Remote-User"), ["ada"]);
					if (beside) assert.deepEqual(reached.header("X-Rempart-Principal"), [user.split("_")[2]]);
				}
			});

			test("as one request, and not as a tunnel (h2c smuggling)", async () => {
				const upgrade = [
					["Connection", "Upgrade, HTTP2-Settings"],
					["Upgrade", "h2c"],
					["HTTP2-Settings", "AAMAAABkAAQAoAAAAAIAAAAA"],
				] as const;
				const reached = await reaching(() => send(ask({ path: "/api/tags", key: user, fields: [MARK, ...upgrade] })));
				assert.deepEqual(
					reached.flatMap(({ headers }) => headers).filter(([, value]) => /h2c|upgrade|AAMAAABkAAQ/i.test(value)),
					[],
				);
			});

			test("with a Host that Ollama knows, and without the page's origin", async () => {
				const [reached] = await reaching(() => answered(ask({ path: "/api/tags", key: user, fields: [MARK] })));
				assert.deepEqual(reached?.header("Host"), [`127.0.0.1:${w.upstream.port}`]);
				const refusedOrigin = await answered(ask({ path: "/api/tags", key: user, fields: [MARK, ["Origin", "https://evil.example"]] }));
				assert.equal(refusedOrigin.status, 403);
			});

			test("under no other name of the server (DNS rebinding)", async () => {
				const reached = await reaching(async () => {
					for (const host of ["evil.example", "localhost.evil.example", "localhost@evil.example", "localhost:0", ""]) {
						await send(Buffer.from(`GET /api/tags HTTP/1.1\r\nHost: ${host}\r\nX-Test: 1\r\nAuthorization: Bearer ${user}\r\n\r\n`));
					}
				});
				assert.deepEqual(
					reached.map((request) => request.headers),
					[],
				);
			});

			test("and it is on record who asked, about what and from where", async () => {
				const client = await w.connect({ localAddress: "127.0.0.2" });
				const fields = [
					MARK,
					["User-Agent", "recorded/1"],
					["X-Forwarded-For", "198.51.100.1"],
					["Forwarded", "for=198.51.100.1"],
				] as const;
				await client.send(ask({ path: "/api/version", key: user, fields }));
				assert.equal((await client.readResponse()).status, 200);
				client.destroy();
				const started = (await w.gateway.events("request-started")).find(({ userAgent }) => userAgent === "recorded/1");
				assert.equal(started?.detail, beside ? `asked by ${kind}` : null);
				assert.equal(started.path, "/api/version");
				assert.equal(started.peer, "127.0.0.2");
			});
		});

		suite("a request hides no other (request smuggling)", () => {
			const hidden = "DELETE /api/delete HTTP/1.1\r\nHost: localhost\r\nX-Test: 1\r\nContent-Length: 0\r\n\r\n";
			const lines: readonly (readonly [what: string, head: string, body: string])[] = [
				["a length beside a coding", `Content-Length: ${5 + hidden.length}\r\nTransfer-Encoding: chunked\r\n`, `0\r\n\r\n${hidden}`],
				[
					"a coding with a space before the colon",
					`Content-Length: ${5 + hidden.length}\r\nTransfer-Encoding : chunked\r\n`,
					`0\r\n\r\n${hidden}`,
				],
				["a coding that is none", "Transfer-Encoding: xchunked\r\n", `0\r\n\r\n${hidden}`],
				["two codings", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", `0\r\n\r\n${hidden}`],
				["two lengths", `Content-Length: 0\r\nContent-Length: ${hidden.length}\r\n`, hidden],
				["a length with a sign", `Content-Length: +${hidden.length}\r\n`, hidden],
				["a folded field", `X-A: b\r\n Content-Length: ${hidden.length}\r\n`, hidden],
				["a length of a GET", `Content-Length: ${hidden.length}\r\n`, hidden],
			];
			for (const [what, head, body] of lines) {
				test(what, async () => {
					const reached = await reaching(async () => {
						const client = await w.connect();
						await client.send(
							`GET /api/version HTTP/1.1\r\nHost: localhost\r\nX-Test: 1\r\nAuthorization: Bearer ${user}\r\n${head}\r\n${body}`,
						);
						await client.readResponseOrEnd();
						client.destroy();
						// Another request of its own, so that whatever waited on a shared connection has come through.
						await answered(ask({ path: "/api/version", key: user, fields: [MARK] }));
					});
					assert.deepEqual(
						reached
							.filter(({ method, target }) => method !== "GET" || target !== "/api/version")
							.map(({ method, target }) => `${method} ${target}`),
						[],
					);
				});
			}
		});

		suite("answers stream", () => {
			test("each piece arrives before the next is sent", async () => {
				const client = await w.connect();
				await client.send(ask({ path: "/api/chat", key: user, json: CHAT, fields: [MARK] }));
				const request = await nextChat();
				await request.startStream();
				for (const word of ["one", "two", "three"]) {
					await request.chunk(`{"message":{"content":"${word}"},"done":false}\n`);
					await client.readUntil(word);
				}
				await request.chunk('{"message":{"content":""},"done":true,"eval_count":3,"prompt_eval_count":1}\n');
				await request.finish();
				await client.readUntil("0\r\n\r\n");
				client.destroy();
			});

			test("a caller who leaves in the middle ends the generation", async () => {
				const client = await w.connect();
				await client.send(ask({ path: "/api/chat", key: user, json: CHAT, fields: [MARK] }));
				const request = await nextChat();
				await request.startStream();
				await request.chunk('{"message":{"content":"one"},"done":false}\n');
				await client.readUntil("one");
				client.destroy();
				await request.connection.departed;
			});

			test(`a caller who leaves before the first byte ends it${facts.noticesEarlyDeparture ? "" : " with that byte"}`, async () => {
				const client = await w.connect();
				await client.send(ask({ path: "/api/chat", key: user, json: CHAT, fields: [MARK] }));
				const request = await nextChat();
				client.destroy();
				if (!facts.noticesEarlyDeparture) {
					await request.startStream();
					await request.chunk('{"message":{"content":"one"},"done":false}\n');
				}
				await request.connection.departed;
			});
		});

		if (!beside) {
			test("an upload goes on as it arrives", async () => {
				const admin = await w.gateway.createKey("admin");
				const file = ggufBytes({ tensors: [{ name: "t", dims: [75_000n], type: 0, offset: 0n }], data: Buffer.alloc(300_000, 7) });
				const half = file.length / 2;
				const path = `/api/blobs/sha256:${createHash("sha256").update(file).digest("hex")}`;
				const client = await w.connect();
				const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nX-Test: 1\r\nAuthorization: Bearer ${admin}\r\nContent-Length: ${file.length}\r\n\r\n`;
				await client.send(Buffer.concat([Buffer.from(head), file.subarray(0, half)]));
				const upload = (): FakeRequest | undefined => w.callers().find(({ target }) => target === path);
				await eventually(() => (upload()?.bodySoFar.length ?? 0) > half / 2);
				await client.send(file.subarray(half));
				assert.equal((await client.readResponse()).status, 200);
				assert.deepEqual(await upload()?.body, file);
				client.destroy();
			});
		}

		if (beside && !showsBody) {
			test("an operation whose body is not shown is refused, and the answer says why", async () => {
				const reached = await reaching(async () => {
					for (const key of [user, narrow]) {
						const answer = await answered(ask({ path: "/api/generate", key, json: { model: "door", prompt: "x" }, fields: [MARK] }));
						assert.equal(answer.status, 403);
						assert.match(answer.text(), /does not show Rempart the body/);
					}
				});
				assert.deepEqual(reached, []);
			});
		} else {
			test("the rules about models hold", async () => {
				const reached = await reaching(async () => {
					const denied = await answered(
						ask({ path: "/api/generate", key: narrow, json: { model: "window", prompt: "x" }, fields: [MARK] }),
					);
					assert.equal(denied.status, 403);
					assert.match(denied.text(), /you may not use that model/);
					const twice = await answered(
						ask({ path: "/api/generate", key: narrow, body: '{"model":"door","model":"window"}', fields: [MARK] }),
					);
					assert.equal(twice.status, 400);
				});
				assert.deepEqual(reached, []);
				const [permitted] = await reaching(async () => {
					const answer = await answered(
						ask({ path: "/api/generate", key: narrow, json: { model: "door", prompt: "x", stream: false }, fields: [MARK] }),
					);
					assert.equal(answer.status, 200);
				});
				assert.equal(permitted?.target, "/api/generate");
			});
		}

		if (beside && showsBody) {
			test("a body that is not shown whole is refused", async () => {
				const long = JSON.stringify({ model: "door", prompt: "x".repeat(400_000) });
				const pieces = `POST /api/generate HTTP/1.1\r\nHost: localhost\r\nX-Test: 1\r\nAuthorization: Bearer ${user}\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{"model":"door"}\r\n0\r\n\r\n`;
				const reached = await reaching(async () => {
					const { status } = await answered(ask({ path: "/api/generate", key: user, body: long, fields: [MARK] }));
					assert.ok(status === 401 || status === 403 || status === 413, String(status));
				});
				assert.deepEqual(reached, []);
				const inPieces = await reaching(async () => {
					assert.equal((await answered(Buffer.from(pieces))).status, facts.showsChunked ? 200 : 403);
				});
				const bodies = await Promise.all(inPieces.map(({ body }) => body));
				assert.deepEqual(bodies.map(String), facts.showsChunked ? ['{"model":"door"}'] : []);
			});
		}

		test("without Rempart nobody passes, and a fault is no refusal", async () => {
			await w.gateway.server.stop();
			const reached = await reaching(async () => {
				const answer = await answered(ask({ path: "/api/tags", key: user, fields: [MARK] }));
				// Traefik makes 500 of whoever it cannot ask.
				assert.ok(answer.status >= 500, String(answer.status));
			});
			assert.deepEqual(reached, []);
		});
	});

	if (facts.asksOverSocket) {
		test(`${kind} ${beside ? "asks" : "reaches Rempart"} over a Unix socket`, async () => {
			await using w = await startRealProxy({ kind, arrangement, program, socket: true, script: plausibleOllama() });
			const key = await w.gateway.createKey("user");
			for (const [credential, status] of [
				[undefined, 401],
				[key, 200],
			] as const) {
				const client = await w.connect({ localAddress: "127.0.0.2" });
				const fields = [MARK, ["Remote-User", "admin"]] as const;
				await client.send(ask({ path: "/api/version", fields, ...(credential === undefined ? {} : { key: credential }) }));
				assert.equal((await client.readResponse()).status, status);
				client.destroy();
			}
			assert.ok((await w.gateway.events("request-started")).every(({ peer }) => peer === "127.0.0.2"));
		});
	}
}

/** The PROXY protocol is another way to say who calls, of which only HAProxy knows. */
export function proveProxyProtocol({ kind, program }: ProxyFacts): void {
	const found = findProgram(program);
	test(`${kind} says who calls by the PROXY protocol`, { skip: "absent" in found && found.absent }, async () => {
		assert.ok("path" in found);
		for (const tls of [false, true]) {
			await using w = await startRealProxy({
				kind,
				arrangement: "behind",
				program: found.path,
				tls,
				proxyProtocol: true,
				script: plausibleOllama(),
			});
			const key = await w.gateway.createKey("user");
			const client = await w.connect({ localAddress: "127.0.0.2" });
			await client.send(ask({ path: "/api/version", key, fields: [MARK, ["X-Forwarded-For", "198.51.100.1"]] }));
			assert.equal((await client.readResponse()).status, 200);
			client.destroy();
			const [started] = await w.gateway.events("request-started");
			assert.equal(started?.peer, "127.0.0.2");
		}
	});
}

function raw(method: string, target: string, fields: readonly (readonly [string, string])[]): Buffer {
	const lines = [`${method} ${target} HTTP/1.1`, "Host: localhost", ...fields.map(([name, value]) => `${name}: ${value}`)];
	return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}
