/** Too much of everything: heads, bodies, nesting, parts, answers, memory, and what strangers can have written to the log. */
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";

import type { Reason } from "../../src/model/reason.ts";
import { type Ask, ask } from "../support/asks.ts";
import { type Besieged, besieged } from "../support/besieged.ts";
import { eventually } from "../support/eventually.ts";
import type { Bytes } from "../support/fake-upstream.ts";
import { pngBytes } from "../support/image-bytes.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const SMALL =
	"limits: { head_size: 4KiB, head_fields: 16, target_size: 512B, body: 64KiB, body_with_images: 256KiB, upload: 2KiB, response_buffer: 64KiB, json_depth: 16, json_members: 100 }\n";

const PICTURE = pngBytes(64, 64).toString("base64");
const DIGEST = `sha256:${"a".repeat(64)}`;

suite("on a gateway with small limits", () => {
	let w: Besieged;
	before(async () => {
		w = await besieged({ yaml: `${SMALL}admission: { burst: 10000 }\n` });
	});
	after(() => w[Symbol.asyncDispose]());

	/** Status and reason; null where it was served. */
	async function verdict(bytes: Bytes): Promise<readonly [number, string | null]> {
		const { answer, reason } = await w.attempt(bytes);
		return [answer.status, reason];
	}
	const user = (more: Ask): Buffer => ask({ key: w.keys.user, ...more });

	suite("heads", () => {
		const head = (lines: readonly string[]): string =>
			["GET /api/version HTTP/1.1", "Host: localhost", `X-Api-Key: ${w.keys.user}`, ...lines, "", ""].join("\r\n");

		for (const [what, lines, status, reason] of [
			["as many fields as may be", (): string[] => Array.from({ length: 14 }, (_, at) => `X-${at}: a`), 200, null],
			["one field more", (): string[] => Array.from({ length: 15 }, (_, at) => `X-${at}: a`), 431, "request-head-too-large"],
			["a head of just the bytes", (): string[] => [`X-Fill: ${"a".repeat(4 * KIB - head(["X-Fill: "]).length)}`], 200, null],
			["one byte more", (): string[] => [`X-Fill: ${"a".repeat(4 * KIB - head(["X-Fill: "]).length + 1)}`], 431, "request-head-too-large"],
			["a name without an end", (): string[] => ["a".repeat(8 * KIB)], 431, "request-head-too-large"],
		] as const) {
			test(`${what}: ${status}`, async () => assert.deepEqual(await verdict(head(lines())), [status, reason]));
		}

		for (const [bytes, status, reason] of [
			[512, 200, null],
			[513, 414, "request-target-too-long"],
			[1_000_000, 414, "request-target-too-long"],
		] as const) {
			test(`a target of ${bytes} bytes: ${status}`, async () => {
				assert.deepEqual(await verdict(user({ path: "/api/version?".padEnd(bytes, "a") })), [status, reason]);
			});
		}
	});

	suite("bodies", () => {
		const text = (bytes: number): string => JSON.stringify({ model: "door", prompt: "" }).replace('""', `"${"x".repeat(bytes - 28)}"`);

		for (const [what, request, status, reason] of [
			["as long as may be", { path: "/api/generate", body: text(64 * KIB) }, 200, null],
			["one byte longer, without an image", { path: "/api/generate", body: text(64 * KIB + 1) }, 413, "body-too-large"],
			[
				"longer, with an image",
				{ path: "/api/generate", json: { model: "door", prompt: "x".repeat(100 * KIB), images: [PICTURE] } },
				200,
				null,
			],
			[
				"longer, with an image in a message",
				{ path: "/api/chat", json: { model: "door", messages: [{ role: "user", content: "x".repeat(100 * KIB), images: [PICTURE] }] } },
				200,
				null,
			],
			[
				"longer, of an operation that takes no images",
				{ path: "/api/show", json: { model: "door", system: "x".repeat(100 * KIB) } },
				413,
				"body-too-large",
			],
			[
				"longer than with images",
				{ path: "/api/generate", json: { model: "door", prompt: "x".repeat(300 * KIB), images: [PICTURE] } },
				413,
				"body-too-large",
			],
			["of a GET", { method: "GET", path: "/api/version", body: "x" }, 400, "body-unexpected"],
		] satisfies readonly (readonly [string, Ask, number, Reason | null])[]) {
			test(`a body ${what}: ${status}`, async () => assert.deepEqual(await verdict(user(request)), [status, reason]));
		}

		for (const [what, path, bytes] of [
			["for an operation without images", "/api/show", 64 * KIB + 1],
			["for one with images", "/api/chat", 256 * KIB + 1],
			["as large as a number gets", "/api/chat", Number.MAX_SAFE_INTEGER],
		] as const) {
			test(`a length that is too large ${what} is refused before a byte of the body is there`, async () => {
				const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: ${w.keys.user}\r\nContent-Length: ${bytes}\r\n\r\n`;
				assert.deepEqual(await verdict(head), [413, "body-too-large"]);
				assert.deepEqual(await verdict(head.replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n")), [413, "body-too-large"]);
			});
		}

		test("a body in chunks is refused as soon as it is too long, not at its end", async () => {
			const client = await w.connect();
			await client.send(`POST /api/show HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: ${w.keys.user}\r\nTransfer-Encoding: chunked\r\n\r\n`);
			await client.send(`10001\r\n${"x".repeat(0x10001)}`);
			const answer = await client.readResponse();
			assert.deepEqual([answer.status, answer.header("connection")], [413, "close"]);
			client.destroy();
		});

		test("a chunk may claim any size: only what comes counts", async () => {
			const client = await w.connect();
			await client.send(
				`POST /api/show HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: ${w.keys.user}\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n`,
			);
			await client.send("x".repeat(65 * KIB));
			assert.equal((await client.readResponse()).status, 413);
			client.destroy();
		});

		test("a blob that announces too much is refused before the upstream hears of it", async () => {
			const earlier = w.upstream.work.length;
			const head = `POST /api/blobs/${DIGEST} HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: ${w.keys.admin}\r\nContent-Length: ${3 * KIB}\r\n\r\n`;
			assert.deepEqual(await verdict(head), [413, "body-too-large"]);
			assert.equal(w.upstream.work.length, earlier);
		});
	});

	suite("JSON", () => {
		const nested = (depth: number, open: string, close: string): string =>
			`{"model":"door","format":${open.repeat(depth - 1)}1${close.repeat(depth - 1)}}`;
		const members = (count: number): string => `{"model":"door","format":[${Array.from({ length: count }, () => "1").join(",")}]}`;

		for (const [what, body, status, reason] of [
			["nested as deep as may be", nested(16, '{"a":', "}"), 200, null],
			["one level deeper", nested(17, '{"a":', "}"), 400, "body-too-deep"],
			["one level deeper in lists", nested(17, "[", "]"), 400, "body-too-deep"],
			["with as many members as may be", members(98), 200, null],
			["with more", members(101), 400, "body-too-deep"],
			["with a number of a thousand digits", `{"model":"door","options":{"seed":${"9".repeat(1000)}}}`, 400, "body-wrong-type"],
			["with a number of many small digits", `{"model":"door","options":{"temperature":0.${"0".repeat(60_000)}1}}`, 200, null],
			["with a name of many letters", JSON.stringify({ model: "a".repeat(60_000) }), 400, "model-name-invalid"],
			["with a key of many letters", JSON.stringify({ model: "door", ["k".repeat(60_000)]: 1 }), 200, null],
		] as const) {
			test(`a body ${what}: ${status}`, async () =>
				assert.deepEqual(await verdict(user({ path: "/api/generate", body })), [status, reason]));
		}
	});

	suite("forms", () => {
		const form = (parts: readonly string[], boundary = "x"): Ask => ({
			path: "/v1/audio/transcriptions",
			contentType: `multipart/form-data; boundary=${boundary}`,
			body: [...parts.map((part) => `--${boundary}\r\n${part}\r\n`), `--${boundary}--\r\n`].join(""),
		});
		const field = (name: string, value: string): string => `Content-Disposition: form-data; name="${name}"\r\n\r\n${value}`;
		const model = field("model", "whisper");
		const file = 'Content-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFF';

		for (const [what, request, status, reason] of [
			["model and file", form([model, file]), 200, null],
			["two models", form([model, field("model", "evil"), file]), 400, "body-duplicate-key"],
			["too many parts", form([model, file, ...Array.from({ length: 70 }, (_, at) => field(`f${at}`, "1"))]), 400, "body-not-multipart"],
			["a head of a part that does not end", form([model, `X: ${"a".repeat(5000)}\r\n\r\n1`, file]), 400, "body-not-multipart"],
			["a boundary that is too long", form([model, file], "b".repeat(71)), 400, "body-not-multipart"],
			["a part that does not end", { ...form([model, file]), body: `--x\r\n${model}` }, 400, "body-not-multipart"],
			[
				"something after the end",
				{ ...form([]), body: `--x\r\n${model}\r\n--x\r\n${file}\r\n--x--\r\n--x\r\n${field("model", "evil")}` },
				400,
				"body-not-multipart",
			],
			["a model with a line break", form([field("model", "whisper\r\nx"), file]), 400, "model-name-invalid"],
		] satisfies readonly (readonly [string, Ask, number, Reason | null])[]) {
			test(`a form with ${what}: ${status}`, async () => assert.deepEqual(await verdict(user(request)), [status, reason]));
		}
	});
});

suite("bodies nobody reads", () => {
	test("a stranger is not told to go on, and of what it sends nothing is taken in", async () => {
		await using w = await besieged();
		const client = await w.connect();
		await client.send(`POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${1024 * MIB}\r\nExpect: 100-continue\r\n\r\n`);
		const head = await client.readHead();
		assert.equal(head.status, 401);
		const piece = Buffer.alloc(MIB, "x");
		let open = true;
		void client.closed.then(() => {
			open = false;
		});
		while (open) await client.send(piece);
		await eventually(async () => (await w.gateway.events("request-ended")).length > 0);
		const [ended] = await w.gateway.events("request-ended");
		assert.deepEqual([ended?.reason, ended?.bytesIn], ["credential-missing", 0]);
		client.destroy();
	});

	test("who is known and allowed is told to go on, once", async () => {
		await using w = await besieged();
		const client = await w.connect();
		await client.send(
			`POST /api/show HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: ${w.keys.user}\r\nContent-Length: 16\r\nExpect: 100-continue\r\n\r\n`,
		);
		assert.equal((await client.readHead()).status, 100);
		await client.send('{"model":"door"}');
		assert.equal((await client.readHead()).status, 200);
		client.destroy();
	});

	for (const [what, path, role] of [
		["a path that is not there", "/nowhere", "user"],
		["a Host that is not ours", "/api/chat", "user"],
	] as const) {
		test(`${what} is refused without a 100`, async () => {
			await using w = await besieged();
			const client = await w.connect();
			const host = path === "/nowhere" ? "localhost" : "evil.example";
			await client.send(
				`POST ${path} HTTP/1.1\r\nHost: ${host}\r\nX-Api-Key: ${w.keys[role]}\r\nContent-Length: 16\r\nExpect: 100-continue\r\n\r\n`,
			);
			assert.ok((await client.readHead()).status >= 400);
			client.destroy();
		});
	}
});

suite("the limits as they are without configuration", () => {
	test("8 MiB of text, more with an image, 64 MiB at most, and JSON that is a million deep", async () => {
		await using w = await besieged();
		const chat = (content: string, images: readonly string[] = []) => ({
			model: "door",
			messages: [{ role: "user", content, ...(images.length > 0 ? { images } : {}) }],
		});
		const send = async (request: Ask) => {
			const { answer, reason } = await w.attempt(ask({ key: w.keys.user, path: "/api/chat", ...request }));
			return [answer.status, reason];
		};
		assert.deepEqual(await send({ json: chat("x".repeat(8 * MIB - 1000)) }), [200, null]);
		assert.deepEqual(await send({ json: chat("x".repeat(8 * MIB)) }), [413, "body-too-large"]);
		assert.deepEqual(await send({ json: chat("x".repeat(8 * MIB), [PICTURE]) }), [200, null]);
		for (const [open, close] of [
			["[", "]"],
			['{"a":', "}"],
		] as const) {
			assert.deepEqual(await send({ body: open.repeat(1_000_000) + close.repeat(1_000_000) }), [400, "body-too-deep"]);
		}
		const head = (path: string, length: number) =>
			`POST ${path} HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: ${w.keys.user}\r\nContent-Length: ${length}\r\n\r\n`;
		for (const [path, length] of [
			["/api/chat", 64 * MIB + 1],
			["/api/show", 8 * MIB + 1],
		] as const) {
			assert.equal((await w.attempt(head(path, length))).reason, "body-too-large");
		}
	});
});

suite("answers", () => {
	for (const [what, respond] of [
		["with a length", "length"],
		["in chunks without end", "chunked"],
	] as const) {
		test(`an answer to be filtered that is too long, ${what}: 502, and nothing of it is shown`, async () => {
			const entry = '{"name":"secret-model","model":"secret-model"},';
			await using w = await besieged({
				yaml: SMALL,
				upstream: {
					script: async (request) => {
						if (respond === "length") return await request.respond(200, `{"models":[${entry.repeat(4000)}{}]}`);
						await request.startStream("application/json");
						await request.chunk('{"models":[');
						let open = true;
						void request.connection.departed.then(() => {
							open = false;
						});
						while (open) {
							await request.chunk(entry.repeat(100));
							// A connection that is gone takes everything at once; its end is only seen in another turn.
							await new Promise((resolve) => setImmediate(resolve));
						}
					},
				},
			});
			const answer = await w.ask(ask({ key: w.keys.user }));
			assert.equal(answer?.status, 502);
			assert.doesNotMatch(answer?.text() ?? "", /secret/);
			const { ended } = await w.recordOf(answer?.header("x-request-id") ?? "");
			assert.deepEqual([ended.outcome, ended.fault], ["fault", "upstream-malformed"]);
			await w.upstream.work[0]?.connection.departed;
		});
	}

	test("a head of the upstream that is too long: 502", async () => {
		await using w = await besieged({
			upstream: { script: (request) => request.connection.send(`HTTP/1.1 200 OK\r\nX-Fill: ${"x".repeat(70 * KIB)}`) },
		});
		assert.equal((await w.ask(ask({ path: "/api/show", key: w.keys.user, json: { model: "door" } })))?.status, 502);
	});
});

suite("memory and the log", () => {
	test("a server that is short of memory refuses new work, and tells strangers nothing of it", async () => {
		// This process alone takes more than 64 MiB.
		await using w = await besieged({ yaml: "limits: { memory: 64MiB, body: 1MiB, body_with_images: 1MiB }\n" });
		await eventually(async () => (await w.ask(ask({ key: w.keys.user })))?.status === 503);
		const earlier = w.forwarded().length;
		const { answer, reason } = await w.attempt(ask({ path: "/v1/models", key: w.keys.user }));
		assert.deepEqual([answer.status, reason, answer.header("retry-after") !== null], [503, "memory-pressure", true]);
		assert.equal((await w.ask(ask({})))?.status, 401);
		assert.equal(w.forwarded().length, earlier);
	});

	test("a flood of strangers is recorded up to a rate and counted beyond it, preflights included", async () => {
		await using w = await besieged({
			yaml: 'events: { refusals_per_minute: 5 }\ngateway: { listen: "127.0.0.1:0", tls: { mode: off }, origins: ["https://chat.example.org"] }\n',
		});
		const client = await w.connect();
		const preflight =
			"OPTIONS /api/chat HTTP/1.1\r\nHost: localhost\r\nOrigin: https://chat.example.org\r\nAccess-Control-Request-Method: POST\r\n\r\n";
		await client.send((preflight + "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").repeat(100));
		for (let answer = 0; answer < 100; answer++) {
			assert.equal((await client.readResponse()).status, 204);
			assert.equal((await client.readResponse()).status, 401);
		}
		client.destroy();
		// A request of somebody known is recorded behind all of them.
		const { answer } = await w.attempt(ask({ path: "/api/version", key: w.keys.user }));
		assert.equal(answer.status, 200);
		assert.equal((await w.gateway.events("request-started")).length, 5 + 1);
		assert.equal((await w.gateway.events("request-ended")).length, 5 + 1);
		const text = await (await fetch(new URL("/metrics", w.gateway.adminUrl))).text();
		assert.match(text, /^rempart_errors_total\{error="caller_credential_missing"\} 100$/m);
	});
});
