/** curl, as documentation and scripts use it, through the gateway over TLS. */
import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { SENTENCE, startClientWorld } from "../support/client-world.ts";
import { type Curled, curl, startCurl } from "../support/curl.ts";
import { startGateway } from "../support/gateway.ts";
import { DATA, ggufBytes, PAIRS, TYPE, text } from "../support/gguf-bytes.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { startWorkedUpstream } from "../support/worked-upstream.ts";

const GENERATE = '{"model":"door","prompt":"who?"}';
const WHOLE = '{"model":"door","prompt":"who?","stream":false}';
const JSON_TYPE = ["-H", "Content-Type: application/json"] as const;
/** Above curl's own limit for asking first with `Expect: 100-continue`. */
const LARGE_BYTES = 2 * 1024 * 1024;

test("curl", async (t) => {
	const world = await startClientWorld(t);
	const folder = temporaryDirectory(t);
	const ca = file("ca.pem", world.gateway.ca);
	const trusting = ["--cacert", ca] as const;
	const url = (path: string) => `${world.url}${path}`;
	const key = (text: string) => ["-H", `Authorization: Bearer ${text}`] as const;
	const user = [...trusting, ...key(world.user)] as const;
	const admin = [...trusting, ...key(world.admin)] as const;

	function file(name: string, content: string | Buffer): string {
		const path = join(folder, name);
		writeFileSync(path, content);
		return path;
	}

	await t.test("refuses the gateway where its CA is not trusted, or another is, or the name is not its own", async () => {
		const other = await startGateway({ upstreams: ["http://127.0.0.1:1"], tls: true });
		const foreign = file("other.pem", other.ca);
		await other[Symbol.asyncDispose]();
		const resolved = ["--resolve", `evil.example:${world.gateway.port}:127.0.0.1`, `https://evil.example:${world.gateway.port}/`];
		for (const args of [[url("/")], ["--cacert", foreign, url("/")], [...trusting, ...resolved]]) {
			const { exit, errors } = await curl(args);
			assert.equal(exit, 60, errors);
		}
		assert.notEqual((await curl([...trusting, "--tls-max", "1.1", url("/")])).exit, 0);
	});

	await t.test("is refused without a key, and a large body is not even asked for", async () => {
		const large = file("large.json", JSON.stringify({ model: "door", padding: "x".repeat(LARGE_BYTES) }));
		const { exit, output, errors } = await curl([...trusting, "-v", "--expect100-timeout", "60", "-d", `@${large}`, url("/api/show")]);
		assert.equal(exit, 0, errors);
		assert.match(errors, /^> Expect: 100-continue\r?$/m);
		assert.match(errors, /^< HTTP\/1\.1 401 /m);
		assert.doesNotMatch(errors, /^< HTTP\/1\.1 100 /m);
		assert.match(errors, /^< www-authenticate: Basic realm="rempart"/im);
		assert.match(output, /^\{"error":"a valid credential is needed/);
		const [ended] = await world.endedWith("refused");
		assert.ok(ended !== undefined && ended.bytesIn < LARGE_BYTES);
	});

	await t.test("gets", async () => {
		const { output } = await curl([...user, url("/api/tags")]);
		assert.match(output, /"name":"door:latest"/);
		assert.equal((await curl([...user, "-f", url("/api/nothing")])).exit, 22);
	});

	await t.test("asks for heads alone, which tell no length where the answer would be filtered", async () => {
		for (const [path, lengths] of [
			["/", /^content-length: 17\r$/im],
			["/api/version", null],
			["/api/tags", null],
		] as const) {
			const { exit, output } = await curl([...user, "-I", url(path)]);
			assert.equal(exit, 0);
			assert.match(output, /^HTTP\/1\.1 200 /);
			if (lengths === null) assert.doesNotMatch(output, /^content-length:/im);
			else assert.match(output, lengths);
		}
	});

	await t.test("posts with -d, whose content type is that of a form", async () => {
		const { output } = await curl([...user, url("/api/generate"), "-d", WHOLE]);
		assert.ok(output.includes(SENTENCE), output);
	});

	await t.test("sends its key as the password of Basic, in x-api-key, or in the URL", async () => {
		for (const args of [
			["-u", `anyone:${world.user}`, url("/api/version")],
			["-H", `x-api-key: ${world.user}`, url("/api/version")],
			[url("/api/version").replace("https://", `https://anyone:${world.user}@`)],
		]) {
			assert.match((await curl([...trusting, ...args])).output, /^\{"version":/);
		}
		const two = ["-u", `anyone:${world.user}`, "-H", `x-api-key: ${world.admin}`];
		assert.match((await curl([...trusting, ...two, url("/api/version")])).output, /a valid credential is needed/);
	});

	await t.test("streams with -N, line by line as they come, and leaving ends the generation", async () => {
		const running = startCurl([...user, "-N", url("/api/generate"), "-d", '{"model":"door-endless","prompt":"x"}']);
		assert.match(await running.read(), /^\{"model":"door-endless",.*"response":"tick","done":false\}\n/);
		running.kill();
		await running.done;
		const [left] = await world.endedWith("abandoned");
		assert.deepEqual([left?.model, left?.phase], ["door-endless:latest", "streaming"]);
		await world.assertStopped();
	});

	await t.test("streams server-sent events", async () => {
		const asked = '{"model":"door","stream":true,"messages":[{"role":"user","content":"who?"}]}';
		const { output } = await curl([...user, ...JSON_TYPE, "-N", url("/v1/chat/completions"), "-d", asked]);
		assert.ok(output.endsWith("data: [DONE]\n\n"));
	});

	await t.test("speaks HTTP/1.0, and gets a stream without chunks that ends with the connection", async () => {
		const { exit, output, errors } = await curl([...user, "-v", "--http1.0", url("/api/generate"), "-d", GENERATE]);
		assert.equal(exit, 0, errors);
		assert.match(errors, /^< Connection: close\r?$/im);
		assert.doesNotMatch(errors, /transfer-encoding/i);
		assert.match(output, /"done":true,"done_reason":"stop"[^\n]*\}\n$/);
		assert.match((await curl([...user, "--http1.0", url("/api/tags")])).output, /"name":"door:latest"/);
	});

	await t.test("asks for HTTP/2 and gets HTTP/1.1, on one connection for several requests", async () => {
		const shown = ["-o", "/dev/null", "-w", "%{http_version} %{num_connects}\n"];
		const paths = ["/api/version", "/api/tags", "/"].flatMap((path) => [...shown, url(path)]);
		assert.equal((await curl([...user, "--http2", ...paths])).output, "1.1 1\n1.1 0\n1.1 0\n");
	});

	await t.test("asks first, with Expect: 100-continue, before it sends a large body", async () => {
		const large = file("welcome.json", JSON.stringify({ model: "door", padding: "x".repeat(LARGE_BYTES) }));
		const { exit, output, errors } = await curl([...user, "-v", "--expect100-timeout", "60", "-d", `@${large}`, url("/api/show")]);
		assert.equal(exit, 0, errors);
		assert.match(errors, /^< HTTP\/1\.1 100 Continue\r?$[^]*^< HTTP\/1\.1 200 /m);
		assert.match(output, /"capabilities":\["completion"\]/);
	});

	await t.test("uploads a model's file, chunked from a pipe and with a length from a file, and finds it there", async () => {
		for (const how of ["a pipe", "a file"]) {
			const bytes = modelFile(randomUUID());
			const blob = url(`/api/blobs/${digestOf(bytes)}`);
			const [sent, input] = how === "a pipe" ? [["-T", "-"], bytes] : [["-T", file("model.gguf", bytes)], undefined];
			assert.equal(await statusOf(curl([...admin, ...asStatus, "-I", blob])), "404", how);
			assert.equal(await statusOf(curl([...admin, ...asStatus, "-X", "POST", ...sent, blob], input)), "201", how);
			assert.equal(await statusOf(curl([...admin, ...asStatus, "-I", blob])), "200", how);
		}
	});

	await t.test("cannot upload what is no model, what has another digest, or without the right", async () => {
		const bytes = modelFile(randomUUID());
		const upload = ["-X", "POST", "-T", "-", url(`/api/blobs/${digestOf(bytes)}`)];
		assert.equal(await statusOf(curl([...user, ...asStatus, ...upload], bytes)), "403");
		assert.equal(await statusOf(curl([...admin, ...asStatus, ...upload], modelFile("another"))), "400");
		const script = Buffer.from("#!/bin/sh\n".repeat(100));
		const blob = url(`/api/blobs/${digestOf(script)}`);
		assert.equal(await statusOf(curl([...admin, ...asStatus, "-X", "POST", "-T", "-", blob], script)), "403");
		assert.equal(await statusOf(curl([...admin, ...asStatus, "-I", blob])), "404");
	});
});

test("curl sees that an answer was broken off upstream", async (t) => {
	const line = '{"model":"door","response":"The","done":false}\n';
	await using upstream = await startWorkedUpstream({
		script: async (request) => {
			await request.body;
			const { connection } = request;
			const [how = ""] = request.header("user-agent");
			const payload = how.includes("chunked")
				? `Transfer-Encoding: chunked\r\n\r\n${line.length.toString(16)}\r\n${line}\r\n`
				: `Content-Length: 1000\r\n\r\n${line}`;
			await connection.send(`HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n${payload}`);
			if (how.includes("reset")) connection.reset();
			else connection.end();
		},
	});
	await using gateway = await startGateway({ upstreams: [upstream.url], tls: true });
	const ca = join(temporaryDirectory(t), "ca.pem");
	writeFileSync(ca, gateway.ca);
	const trusting = ["--cacert", ca, "-H", `Authorization: Bearer ${await gateway.createKey("user")}`];
	for (const [how, asked] of [
		["with-length ended", WHOLE],
		["with-length reset", WHOLE],
		["chunked ended", GENERATE],
		["chunked reset", GENERATE],
	] as const) {
		const { exit, output, errors } = await curl([...trusting, "-A", how, `${gateway.url}/api/generate`, "-d", asked]);
		assert.equal(exit, 18, `${how}: ${errors}`);
		assert.ok(output.startsWith(line), how);
		assert.equal(output.includes('{"error":"the model server broke off'), asked === GENERATE, how);
	}
});

const asStatus = ["-o", "/dev/null", "-w", "%{http_code}"] as const;

async function statusOf(curled: Promise<Curled>): Promise<string> {
	return (await curled).output;
}

/** A well-formed file of which there is no other. */
function modelFile(name: string): Buffer {
	return ggufBytes({ pairs: [...PAIRS, { key: "general.name", type: TYPE.string, bytes: text(name) }], data: DATA });
}

function digestOf(bytes: Buffer): string {
	return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
