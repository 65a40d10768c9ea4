/** The listener where other proxies ask, asked as they ask: what is refused and in which words, what is permitted and for whom, and what is on record. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile, stat, writeFile } from "node:fs/promises";
import net from "node:net";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";

import type { Event, RequestEnded, RequestStarted } from "../../src/model/event.ts";
import { FAULTS } from "../../src/model/fault.ts";
import { eventually } from "../support/eventually.ts";
import { type AskedGateway, type Question, questionOf, startAskedGateway } from "../support/forward-auth.ts";
import { startGateway } from "../support/gateway.ts";
import { connectRaw, RawClient, type RawResponse } from "../support/raw-client.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { startWorkedUpstream, type WorkedUpstream } from "../support/worked-upstream.ts";

const PROXIES = ["nginx", "traefik", "caddy", "haproxy", "envoy"] as const;
const SHOWING = ["traefik", "haproxy", "envoy"] as const;
const BODY = JSON.stringify({ model: "door", messages: [{ role: "user", content: "who is there?" }] });
const WHOLE: Question["fields"] = [["x-envoy-auth-partial-body", "false"]];
const YAML =
	"events: { refusals_per_minute: 100000 }\n" +
	'roles: { narrow: { classes: [probe, read, infer], models: { allow: ["door:*"] } }, few: { classes: [probe] } }\n';

suite("a gateway that proxies may ask", () => {
	let upstream: WorkedUpstream;
	let gateway: AskedGateway;
	let user = "";
	let narrow = "";
	let few = "";
	let admin = "";
	before(async () => {
		upstream = await startWorkedUpstream();
		gateway = await startAskedGateway({ upstreams: [upstream.url], yaml: YAML, forwardAuth: "insecure_unseen: [generate, ps]" });
		[user, narrow, few, admin] = await Promise.all([
			gateway.createKey("user", { name: "ada" }),
			gateway.createKey("narrow"),
			gateway.createKey("few"),
			gateway.createKey("admin"),
		]);
	});
	after(async () => {
		await gateway[Symbol.asyncDispose]();
		await upstream[Symbol.asyncDispose]();
	});

	async function asked(question: Question): Promise<RawResponse> {
		return await send(questionOf(question), question.proxy === "envoy" && question.method === "HEAD");
	}

	async function send(bytes: Buffer, head = false): Promise<RawResponse> {
		const client = await connectRaw({ port: gateway.askPort });
		try {
			await client.send(bytes);
			return await client.readResponse({ head });
		} finally {
			client.destroy();
		}
	}

	async function reasonOf(
		answer: RawResponse,
	): Promise<{ readonly reason: string | null; readonly detail: string | null; readonly peer: string; readonly operation: string | null }> {
		const id = answer.header("x-request-id") ?? assert.fail("no request id");
		let started: RequestStarted | undefined;
		let ended: RequestEnded | undefined;
		await eventually(async () => {
			started = (await recorded("request-started", id))[0];
			ended = (await recorded("request-ended", id))[0];
			return started !== undefined && ended !== undefined;
		});
		if (started === undefined || ended === undefined) assert.fail("not on record");
		assert.equal(ended.status, answer.status);
		return { reason: ended.reason, detail: started.detail, peer: started.peer, operation: started.operation };
	}

	async function recorded<T extends "request-started" | "request-ended">(
		type: T,
		id: string,
	): Promise<readonly (Event & { readonly type: T })[]> {
		const answer = await gateway.admin.get(`/v1/events?type=${type}&request=${id}`);
		const { events } = answer.json() as { readonly events: readonly { readonly event: Event & { readonly type: T } }[] };
		return events.map(({ event }) => event);
	}

	for (const proxy of PROXIES) {
		suite(proxy, () => {
			const refusals: readonly (readonly [when: string, question: () => Question, status: number, reason: string])[] = [
				["there is no credential", () => ({ proxy }), 401, "credential-missing"],
				["the key is nobody's", () => ({ proxy, key: "rmp_live_nope" }), 401, "credential-malformed"],
				["two keys disagree", () => ({ proxy, key: user, fields: [["x-api-key", narrow]] }), 401, "credential-ambiguous"],
				["the role does not grant it", () => ({ proxy, key: few }), 403, "class-denied"],
				["the path is in no table", () => ({ proxy, key: user, target: "/metrics" }), 404, "operation-unknown"],
				["the path is escaped", () => ({ proxy, key: user, target: "/api/%74ags" }), 404, "operation-unknown"],
				["a parameter is escaped", () => ({ proxy, key: user, target: "/v1/models/door%2F..%2Fx" }), 404, "operation-unknown"],
				["the path has an empty segment", () => ({ proxy, key: user, target: "/api//tags" }), 404, "operation-unknown"],
				["the path begins with two slashes", () => ({ proxy, key: user, target: "//api/tags" }), 404, "operation-unknown"],
				["the path has dots", () => ({ proxy, key: user, target: "/api/../api/tags" }), 404, "operation-unknown"],
				["the path has a semicolon", () => ({ proxy, key: user, target: "/api/tags;x" }), 404, "operation-unknown"],
				["the method is not of the operation", () => ({ proxy, key: user, method: "DELETE" }), 405, "method-not-allowed"],
				["it is a preflight", () => ({ proxy, method: "OPTIONS", fields: [["origin", "https://a.example"]] }), 401, "credential-missing"],
				[
					"the page's origin is not listed",
					() => ({ proxy, key: user, fields: [["origin", "https://a.example"]] }),
					403,
					"origin-not-allowed",
				],
				["the list shows what the caller may not use", () => ({ proxy, key: narrow }), 403, "answer-unseen"],
				["no body is shown", () => ({ proxy, key: user, method: "POST", target: "/api/chat" }), 403, "body-unseen"],
				[
					"no body is shown, and the role does not grant it anyway",
					() => ({ proxy, key: few, method: "POST", target: "/api/chat" }),
					403,
					"class-denied",
				],
				[
					"a file is brought",
					() => ({ proxy, key: admin, method: "POST", target: `/api/blobs/sha256:${"a".repeat(64)}` }),
					403,
					"body-unseen",
				],
			];
			for (const [when, question, status, reason] of refusals) {
				test(`refuses when ${when}`, async () => {
					const answer = await asked(question());
					// nginx makes 500 of whatever it does not know.
					assert.equal(answer.status, proxy === "nginx" && status !== 401 ? 403 : status);
					assert.equal((await reasonOf(answer)).reason, reason);
					assert.equal(answer.header("remote-user"), null);
					assert.equal(answer.header("x-rempart-principal"), null);
					assert.match(answer.text(), /"error"/);
					if (proxy === "nginx") assert.equal(answer.header("x-rempart-status"), String(status));
					if (status === 401) assert.match(answer.header("www-authenticate") ?? "", /^Bearer/);
				});
			}

			for (const [what, fields] of [
				["its method twice", [[proxy === "nginx" ? "X-Original-Method" : "X-Forwarded-Method", "GET"]]],
				["its target twice", [[proxy === "nginx" ? "X-Original-URI" : "X-Forwarded-Uri", "/api/version"]]],
				["its host twice", [["X-Forwarded-Host", "localhost"]]],
				["an unreadable caller", [["X-Forwarded-For", "unknown"]]],
				["a caller with a port", [["X-Forwarded-For", "203.0.113.9:80"]]],
			] as const) {
				if (proxy === "envoy" && !what.includes("caller")) continue;
				test(`refuses a question that names ${what}, whatever the credential`, async () => {
					const answer = await asked({ proxy, key: user, target: "/api/version", fields });
					assert.equal(answer.status, proxy === "nginx" ? 403 : 400);
					assert.equal((await reasonOf(answer)).reason, "request-malformed");
				});
			}

			for (const target of ["api/tags", "http://localhost/api/tags", "*", "/api/tags HTTP/1.1", "/api\\tags", "/api/tags#x", "/a b", ""]) {
				if (proxy === "envoy") continue;
				test(`refuses ${JSON.stringify(target)}, which is no target`, async () => {
					const answer = await asked({ proxy, key: user, target });
					assert.equal(answer.status, proxy === "nginx" ? 403 : 400);
				});
			}

			test("permits what the role grants, says for whom, and puts both on record", async () => {
				const answer = await asked({ proxy, key: user, target: "/api/tags?x=1" });
				assert.equal(answer.status, 200);
				const id = user.split("_")[2];
				assert.equal(answer.header("remote-user"), "ada");
				assert.equal(answer.header("x-auth-request-user"), "ada");
				assert.equal(answer.header("x-rempart-principal"), id);
				assert.match(answer.header("ratelimit") ?? "", /r=\d+/);
				assert.equal(answer.body.length, 0);
				assert.deepEqual(await reasonOf(answer), { reason: null, detail: `asked by ${proxy}`, peer: "203.0.113.9", operation: "tags" });
			});

			test("permits an operation that the operator let pass unseen, and says so on record", async () => {
				const answer = await asked({ proxy, key: narrow, method: "POST", target: "/api/generate" });
				assert.equal(answer.status, 200);
				assert.match((await reasonOf(answer)).detail ?? "", /the body was not seen/);
				const list = await asked({ proxy, key: narrow, target: "/api/ps" });
				assert.equal(list.status, 200);
				assert.match((await reasonOf(list)).detail ?? "", /the list shows models/);
			});

			test("puts on record what a refused caller asked for", async () => {
				const answer = await asked({ proxy, key: user, method: "POST", target: "/api/chat" });
				assert.equal((await reasonOf(answer)).operation, "chat");
			});

			test("believes no field that the proxy does not write", async () => {
				const answer = await asked({
					proxy,
					target: "/api/tags",
					fields: [
						["Remote-User", "admin"],
						["X-Forwarded-User", "admin"],
						["X-Rempart-Principal", "admin"],
						["X-Rewrite-URL", "/api/version"],
						["User-Agent", "kube-probe/1.31"],
					],
				});
				assert.equal(answer.status, 401);
			});
		});
	}

	for (const proxy of SHOWING) {
		suite(`${proxy}, which shows the body`, () => {
			const shown = (key: string, body: object | string, fields: Question["fields"] = WHOLE): Question => ({
				proxy,
				key,
				method: "POST",
				target: "/api/chat",
				body: typeof body === "string" ? body : JSON.stringify(body),
				...(fields === undefined ? {} : { fields }),
			});
			const refusals: readonly (readonly [when: string, body: object | string, reason: string])[] = [
				["the model is not the caller's", { model: "window", messages: [] }, "model-denied"],
				["a key is there twice", '{"model":"door","model":"window"}', "body-duplicate-key"],
				["a key hides in another letter case", '{"model":"door","Model":"window"}', "body-ambiguous-key"],
				["a parameter would have to be lowered", { model: "door", options: { num_ctx: 10_000_000 } }, "parameter-denied"],
				["it is no JSON", "{", "body-not-json"],
			];
			for (const [when, body, reason] of refusals) {
				test(`refuses when ${when}`, async () => assert.equal((await reasonOf(await asked(shown(narrow, body)))).reason, reason));
			}
			test("permits a model of the caller's", async () => {
				const answer = await asked(shown(narrow, BODY));
				assert.equal(answer.status, 200);
				assert.deepEqual((await reasonOf(answer)).detail, `asked by ${proxy}`);
			});
		});
	}

	test("Envoy's cut body, or one of which it does not say, counts as not shown", async () => {
		const question = { proxy: "envoy", key: user, method: "POST", target: "/api/chat", body: BODY } as const;
		for (const fields of [[["x-envoy-auth-partial-body", "true"]], []] as const) {
			assert.equal((await reasonOf(await asked({ ...question, fields }))).reason, "body-unseen");
		}
	});

	for (const proxy of ["nginx", "caddy"] as const) {
		test(`a body that comes with a question of ${proxy} is not the one that it forwards, so it is not looked at`, async () => {
			const answer = await asked({ proxy, key: user, method: "POST", target: "/api/chat", body: BODY });
			assert.equal((await reasonOf(answer)).reason, "body-unseen");
		});
	}

	test("a question by HEAD is answered without a body", async () => {
		const answer = await asked({ proxy: "envoy", method: "HEAD", target: "/api/tags" });
		assert.equal(answer.status, 401);
		assert.ok(Number(answer.header("content-length")) > 0);
	});

	for (const path of [
		"/",
		"/auth",
		"/auth/",
		"/auth/nginx/",
		"/auth/NGINX",
		"/auth/envoy",
		"/auth/apache",
		"/api/tags",
		"/auth/nginx%2f",
	]) {
		test(`nobody asks at ${path}`, async () => {
			const answer = await send(Buffer.from(`GET ${path} HTTP/1.1\r\nHost: rempart\r\nAuthorization: Bearer ${user}\r\n\r\n`));
			assert.equal(answer.status, 404);
		});
	}

	test("what is no request is refused by the same strict reader as everywhere", async () => {
		const answer = await send(Buffer.from("GET /auth/nginx HTTP/1.1\r\nHost: a\r\nX_Original_Method: GET\r\n\r\n"));
		assert.equal(answer.status, 400);
	});

	test("an address that is not listed is not read", async () => {
		const client = await connectRaw({ port: gateway.askPort, localAddress: "127.0.0.2" });
		await client.send(questionOf({ proxy: "nginx", key: user }));
		assert.equal((await client.readToEnd()).length, 0);
	});

	test("nothing of it reached the upstream", () => assert.deepEqual(upstream.work, []));
});

test("the rate of a principal counts questions", async () => {
	await using upstream = await startWorkedUpstream();
	await using gateway = await startAskedGateway({ upstreams: [upstream.url], yaml: "admission: { requests_per_minute: 1, burst: 1 }\n" });
	const key = await gateway.createKey("user");
	const statuses: (readonly [number, string | null])[] = [];
	for (const proxy of ["caddy", "caddy", "nginx"] as const) {
		const client = await connectRaw({ port: gateway.askPort });
		await client.send(questionOf({ proxy, key }));
		const answer = await client.readResponse();
		statuses.push([answer.status, answer.header("x-rempart-status")]);
		if (answer.status !== 200) assert.ok(Number(answer.header("retry-after")) > 0);
		client.destroy();
	}
	assert.deepEqual(statuses, [
		[200, null],
		[429, null],
		[403, "429"],
	]);
});

test("several questions come over one connection, strangers' too", async () => {
	await using upstream = await startWorkedUpstream();
	await using gateway = await startAskedGateway({ upstreams: [upstream.url] });
	const key = await gateway.createKey("user");
	const client = await connectRaw({ port: gateway.askPort });
	const statuses: number[] = [];
	for (const each of [{}, { key }, {}, { key }]) {
		await client.send(questionOf({ proxy: "nginx", ...each }));
		statuses.push((await client.readResponse()).status);
	}
	assert.deepEqual(statuses, [401, 200, 401, 200]);
	client.destroy();
});

test("every text of a fault and a refusal fits a field of nginx", async () => {
	for (const { message } of Object.values(FAULTS)) assert.match(message, /^[\x20-\x7e]+$/);
});

test("over a Unix socket the file system says who may ask, and what is left there is taken away", async (t) => {
	const path = join(temporaryDirectory(t), "ask.sock");
	await using upstream = await startWorkedUpstream();
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml: `forward_auth: { socket: "${path}" }\n` });
	const key = await gateway.createKey("user");
	assert.equal((await stat(path)).mode & 0o777, 0o660);
	const socket = net.connect(path);
	await once(socket, "connect");
	const client = new RawClient(socket);
	for (const status of [401, 200]) {
		await client.send(questionOf({ proxy: "caddy", ...(status === 200 ? { key } : {}) }));
		assert.equal((await client.readResponse()).status, status);
	}
	client.destroy();
	await assert.rejects(
		startGateway({ upstreams: [upstream.url], yaml: `forward_auth: { socket: "${path}" }\n` }),
		/somebody already listens on .*ask\.sock/,
	);
	await gateway.server.stop();
	await assert.rejects(stat(path), /ENOENT/);
});

test("who may ask and what may pass unseen follow the configuration; where it listens takes a restart", async () => {
	await using upstream = await startWorkedUpstream();
	await using gateway = await startAskedGateway({ upstreams: [upstream.url] });
	const key = await gateway.createKey("user");
	const chat = questionOf({ proxy: "nginx", key, method: "POST", target: "/api/chat" });
	const statusOf = async (localAddress: string): Promise<number | null> => {
		const client = await connectRaw({ port: gateway.askPort, localAddress });
		await client.send(chat);
		const answer = await client.readResponseOrEnd();
		client.destroy();
		return answer?.status ?? null;
	};
	assert.deepEqual([await statusOf("127.0.0.1"), await statusOf("127.0.0.2")], [403, null]);
	const written = await readFile(gateway.configFile, "utf8");
	await writeFile(gateway.configFile, written.replace("proxies: [127.0.0.1]", "proxies: [127.0.0.2], insecure_unseen: [chat]"));
	assert.equal((await gateway.server.reload()).reloaded, true);
	assert.deepEqual([await statusOf("127.0.0.1"), await statusOf("127.0.0.2")], [null, 200]);
	await writeFile(gateway.configFile, written.replace('listen: "127.0.0.1:0", proxies', 'listen: "127.0.0.1:1", proxies'));
	const outcome = await gateway.server.reload();
	assert.ok(outcome.reloaded && outcome.notes.includes("forward_auth.listen takes effect with a restart"));
});
