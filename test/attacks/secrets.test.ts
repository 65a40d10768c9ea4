/**
 * Canaries: requests of every kind with recognisable keys, passwords, prompts and answers, and then a search for them in everything that the server
 * keeps, says or shows: files of its state, standard output and error, metrics, the admin API, answers to others.
 *
 * The server runs as `serve` runs it, in a process of its own.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";

import { formatKey } from "../../src/keys/key-format.ts";
import { type Ask, ask } from "../support/asks.ts";
import { eventually } from "../support/eventually.ts";
import type { FakeRequest } from "../support/fake-upstream.ts";
import { ollamaClientKey } from "../support/ollama-client-key.ts";
import { connectRaw, type RawResponse, requestRaw } from "../support/raw-client.ts";
import { ServerProcess } from "../support/server-process.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { startWorkedUpstream } from "../support/worked-upstream.ts";

/** What must be nowhere, by what it is. Each is found in no other text. */
const PROMPT = "canaryPrompt7f3a";
const ANSWER = "canaryAnswer91bc";
const PASSWORD = "canaryPassword55d0";
const WRONG_KEY = formatKey("canary00", "canaryWrongKey".padEnd(32, "0"));
const PICTURE = Buffer.from("canaryPicture3e21").toString("base64");

suite("secrets", () => {
	test("no key, password, prompt or answer is kept, said or shown anywhere", async (context) => {
		await using upstream = await startWorkedUpstream({ script: talks });
		const stateDirectory = join(temporaryDirectory(context), "state");
		const server = await ServerProcess.start(context, { stateDirectory, upstream: upstream.url });
		const keys = { user: await server.createKey("user"), admin: await server.createKey("admin") };
		const rotated = await rotate(server, keys.admin);
		const privateKey = await issuedKey(server);
		const signatures = await signedBy(server);
		const answers: string[] = [];
		const asks = [...REQUESTS, ...wrongBodies(), ...strangers(keys.user), ...signatures.map(signedAsk)];
		for (const more of asks) {
			const key = more.key ?? keys.user;
			// One of the models breaks off, which a client is meant to take for an error.
			const answer = await requestRaw({ port: server.port }, ask({ ...more, ...(key === "" ? {} : { key }) })).catch(() => null);
			// What succeeded is the caller's own answer; what we say ourselves must echo nothing.
			if (answer !== null && isOurs(answer)) answers.push(head(answer) + answer.text());
		}
		await abandoned(server.port, keys.user);
		await malformed(server.port, keys.user, answers);
		await eventually(async () => (await server.events(0, "&type=request-ended")).length >= asks.length);

		const shown = await shownBy(server);
		assert.match(shown, /rempart_/);
		const ended = await server.stop();
		assert.equal(ended.code, 0);
		const sinks = new Map([
			...filesOf(stateDirectory),
			["admin API and metrics", Buffer.from(shown)],
			["answers of ours", Buffer.from(answers.join("\n"))],
			["standard output", Buffer.from(ended.out)],
			["standard error", Buffer.from(ended.err)],
		]);
		// The search is worth something: it finds what is recorded.
		assert.ok([...sinks.values()].some((bytes) => bytes.includes("canary-agent")));
		assert.ok(sinks.size > 6, [...sinks.keys()].join(", "));
		assert.deepEqual(hits(sinks, [keys.user, keys.admin, rotated], [...privateKey, ...signatures.map(bareSignature)]), []);
	});

	test("the state's files are readable by their owner alone", async (context) => {
		await using upstream = await startWorkedUpstream({ script: talks });
		const stateDirectory = join(temporaryDirectory(context), "state");
		const server = await ServerProcess.start(context, { stateDirectory, upstream: upstream.url });
		const open = [
			stateDirectory,
			...readdirSync(stateDirectory, { recursive: true, encoding: "utf8" }).map((name) => join(stateDirectory, name)),
		].filter((path) => (statSync(path).mode & 0o077) !== 0 && !path.endsWith("ca.pem"));
		assert.deepEqual(open, []);
		await server.stop();
	});
});

const said = [{ role: "user", content: PROMPT }];
const tool = {
	type: "function",
	function: { name: "find", description: PROMPT, parameters: { type: "object", properties: { [PROMPT]: { type: "string" } } } },
};

/** Of every operation, and with the text in every place that takes one. */
const REQUESTS: readonly Ask[] = [
	{ path: "/api/chat", json: { model: "door", messages: said, tools: [tool], format: { const: PROMPT }, stream: false } },
	{
		path: "/api/chat",
		json: {
			model: "door",
			messages: [
				{ role: "assistant", content: "", thinking: PROMPT, tool_calls: [{ function: { name: PROMPT, arguments: { a: PROMPT } } }] },
			],
		},
	},
	{ path: "/api/chat", json: { model: "fails", messages: said } },
	{ path: "/api/chat", json: { model: "fails-late", messages: said } },
	{ path: "/api/chat", json: { model: "breaks", messages: said } },
	{ path: "/api/chat", json: { model: "gibberish", messages: said } },
	{ path: "/api/generate", json: { model: "door", prompt: PROMPT, system: PROMPT, suffix: PROMPT, template: PROMPT, raw: true } },
	{ path: "/api/generate", json: { model: "door", prompt: PROMPT, images: [PICTURE] } },
	{ path: "/api/embed", json: { model: "door", input: [PROMPT, PROMPT] } },
	{ path: "/api/embeddings", json: { model: "door", prompt: PROMPT } },
	{ path: "/api/show", json: { model: "door", system: PROMPT } },
	{ path: "/api/tags", fields: [["User-Agent", "canary-agent"]] },
	{ path: "/v1/chat/completions", json: { model: "door", messages: said, stream: true } },
	{ path: "/v1/chat/completions", json: { model: "fails-late", messages: said, stream: true } },
	{
		path: "/v1/chat/completions",
		json: {
			model: "door",
			messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: `data:image/png;base64,${PICTURE}` } }] }],
		},
	},
	{ path: "/v1/completions", json: { model: "door", prompt: PROMPT } },
	{ path: "/v1/embeddings", json: { model: "door", input: PROMPT } },
	{ path: "/v1/responses", json: { model: "door", input: PROMPT, instructions: PROMPT } },
	{ path: "/v1/messages", json: { model: "door", max_tokens: 5, system: PROMPT, messages: said } },
	{ path: "/v1/messages", json: { model: "fails-late", max_tokens: 5, stream: true, messages: said } },
	{
		path: "/v1/audio/transcriptions",
		contentType: "multipart/form-data; boundary=x",
		body: [`name="model"\r\n\r\ndoor`, `name="prompt"\r\n\r\n${PROMPT}`, `name="file"; filename="${PROMPT}.wav"\r\n\r\n${PROMPT}`]
			.map((part) => `--x\r\nContent-Disposition: form-data; ${part}\r\n`)
			.concat("--x--\r\n")
			.join(""),
	},
];

/** Bodies that are refused, where the text stands at or beside what is wrong. */
function wrongBodies(): readonly Ask[] {
	const bodies = [
		`{"model":"door","prompt":"${PROMPT}" oops}`,
		`{"model":"door","prompt":"${PROMPT}`,
		`${PROMPT}`,
		`{"model":"door","prompt":["${PROMPT}"]}`,
		`{"model":"door","prompt":"${PROMPT}","prompt":"${PROMPT}"}`,
		`{"model":"door","Prompt":"${PROMPT}"}`,
		`{"model":"door","prompt":"${PROMPT}","options":{"num_ctx":"${PROMPT}"}}`,
		`{"model":"door","format":{"${PROMPT}":1,"${PROMPT}":2}}`,
		`{"prompt":"${PROMPT}"}`,
		`{"model":"door","keep_alive":"${PROMPT}"}`,
		`{"model":"door","images":["${PROMPT}"]}`,
		`{"model":"door","think":{"a":"${PROMPT}"}}`,
		JSON.stringify({ model: "door", prompt: PROMPT.repeat(600_000) }),
	];
	return [
		...bodies.map((body) => ({ path: "/api/generate", body })),
		{ path: "/api/generate", contentType: "text/plain", body: PROMPT },
		{ path: "/nowhere", body: PROMPT },
		{ path: "/api/create", json: { model: "mine", from: "door", system: PROMPT, template: PROMPT } },
		{ path: "/v1/audio/transcriptions", contentType: "multipart/form-data; boundary=x", body: `--x\r\n${PROMPT}` },
	];
}

/** Credentials of every kind, good and bad, in places where they count and where they do not. */
function strangers(key: string): readonly Ask[] {
	const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;
	const fields: readonly (readonly (readonly [string, string])[])[] = [
		[["Authorization", `Bearer ${WRONG_KEY}`]],
		[["Authorization", `Bearer ${PASSWORD}`]],
		[["Authorization", PASSWORD]],
		[["Authorization", basic(`somebody:${PASSWORD}`)]],
		[["Authorization", basic(`${PASSWORD}:${key}`)]],
		[
			["Authorization", basic(`somebody:${key}`)],
			["X-Api-Key", PASSWORD],
		],
		[["X-Api-Key", `${key}x`]],
		[["X-Api-Key", PASSWORD]],
		[["Api-Key", key.toUpperCase()]],
		[["Cookie", `session=${PASSWORD}; key=${key}`]],
		[
			["Proxy-Authorization", basic(`somebody:${PASSWORD}`)],
			["X-Api-Key", key],
		],
		[
			["X-Forwarded-User", PASSWORD],
			["X-Api-Key", key],
		],
	];
	return [
		...fields.map((each) => ({ key: "", path: "/api/tags", fields: each })),
		{ key: "", path: `/api/tags?api_key=${key}&password=${PASSWORD}` },
		{ path: `/api/tags?prompt=${PROMPT}&password=${PASSWORD}` },
	];
}

/** The upstream of this test: its models say the canary, and some fail in the ways in which Ollama fails, quoting what was said. */
async function talks(request: FakeRequest): Promise<void> {
	const body = (await request.body).toString("utf8");
	const quoted = `error parsing tool call: raw='{"city": "${ANSWER}", it's ${ANSWER}', err=unexpected end of JSON input`;
	const sse = request.target.startsWith("/v1/");
	if (body.includes('"fails"')) return await request.respond(500, JSON.stringify({ error: quoted }));
	if (body.includes('"gibberish"')) return await request.connection.send(`${ANSWER}\r\n\r\n`);
	if (body.includes('"fails-late"') || body.includes('"breaks"')) {
		await request.startStream(sse ? "text/event-stream" : "application/x-ndjson");
		await request.chunk(
			sse ? `data: {"choices":[{"delta":{"content":"${ANSWER}"}}]}\n\n` : `{"message":{"content":"${ANSWER}"},"done":false}\n`,
		);
		if (body.includes('"breaks"')) return request.connection.end();
		const error = JSON.stringify({ error: sse ? { message: quoted } : quoted });
		await request.chunk(sse ? `data: ${error}\n\n` : `${error}\n`);
		return await request.finish();
	}
	if (body.includes('"endless"')) {
		await request.startStream();
		return await request.chunk(`{"message":{"content":"${ANSWER}"},"done":false}\n`);
	}
	const answer = {
		model: "door",
		models: [],
		details: {},
		system: ANSWER,
		response: ANSWER,
		message: { content: ANSWER },
		done: true,
		eval_count: 1,
	};
	await request.respond(200, JSON.stringify(answer), { "X-Answer": ANSWER });
}

/** A caller who leaves in the middle of the answer. */
async function abandoned(port: number, key: string): Promise<void> {
	const client = await connectRaw({ port });
	await client.send(ask({ path: "/api/chat", key, json: { model: "endless", messages: said } }));
	await client.readUntil(ANSWER);
	client.destroy();
}

/** Bytes that are not HTTP, with secrets in them. */
async function malformed(port: number, key: string, answers: string[]): Promise<void> {
	for (const bytes of [
		`GET /api/tags HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${key}\0\r\n\r\n`,
		`GET /api/tags HTTP/1.1\r\nHost: ${PASSWORD}@localhost\r\nX-Api-Key: ${key}\r\n\r\n`,
		`GET http://somebody:${PASSWORD}@localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n`,
		`POST /api/chat HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: ${key}\r\nTransfer-Encoding: chunked\r\n\r\n${PROMPT}`,
		`${PROMPT}\r\n\r\n`,
	]) {
		answers.push((await requestRaw({ port }, bytes)).text());
	}
}

/** Answers of the upstream are the caller's; a 4xx or 5xx that the upstream gave is passed as it is, too. */
function isOurs({ status, body }: RawResponse): boolean {
	return status >= 400 && !body.includes("error parsing tool call");
}

function head({ headers }: RawResponse): string {
	return `${headers.map(([name, value]) => `${name}: ${value}`).join("\n")}\n`;
}

async function rotate(server: ServerProcess, key: string): Promise<string> {
	const { text } = await server.admin.post(`/v1/keys/${key.split("_")[2]}/rotate`, {});
	return /rmp_live_\w+/.exec(text)?.[0] ?? assert.fail("no rotated key");
}

/** Everything that an operator can ask for. */
async function shownBy(server: ServerProcess): Promise<string> {
	const { adminUrl, admin } = server;
	const texts = await Promise.all([
		...["/metrics", "/healthz", "/readyz"].map(async (path) => await (await fetch(new URL(path, adminUrl))).text()),
		...["/v1/keys", "/v1/principals", "/v1/status", "/v1/events?limit=10000"].map(async (path) => (await admin.get(path)).text),
		...["/v1/events/verify", "/v1/config/reload", "/v1/keys/unknown1/rotate"].map(async (path) => (await admin.post(path, {})).text),
	]);
	return texts.join("\n");
}

function filesOf(directory: string): readonly (readonly [string, Buffer])[] {
	return readdirSync(directory, { recursive: true, encoding: "utf8" })
		.filter((name) => statSync(join(directory, name)).isFile())
		.map((name) => [name, readFileSync(join(directory, name))] as const);
}

/** Which canary is in which sink, in whatever form it could have been written. */
function hits(sinks: ReadonlyMap<string, Buffer>, keys: readonly string[], more: readonly string[]): readonly string[] {
	const secrets = keys.map((key) => key.split("_")[3] ?? "");
	const canaries = [PROMPT, ANSWER, PASSWORD, PICTURE, "canaryPicture3e21", WRONG_KEY.split("_")[3] ?? "", ...secrets, ...more];
	const forms = new Set(
		canaries.flatMap((text) => [text, text.toUpperCase(), base64Core(text), Buffer.from(text).toString("hex"), encodeURIComponent(text)]),
	);
	return [...sinks].flatMap(([name, bytes]) => [...forms].filter((form) => bytes.includes(form)).map((form) => `${form} in ${name}`));
}

/** Issues a client certificate: the lines of its private key. */
async function issuedKey({ admin }: ServerProcess): Promise<readonly string[]> {
	const made = await admin.post("/v1/principals/enrol", { name: "certificate", role: "user" });
	assert.equal(made.status, 201, made.text);
	const { key } = made.json() as { key: string };
	const lines = key.split("\n").filter((line) => line.length > 40);
	assert.ok(lines.length > 0);
	return lines;
}

const SIGNED_AT = Math.floor(Date.now() / 1000);

/** Credentials of the `ollama` program: of an enrolled key, and of one that is not. */
async function signedBy({ admin }: ServerProcess): Promise<readonly string[]> {
	const [enrolled, stranger] = [ollamaClientKey(), ollamaClientKey()];
	assert.equal((await admin.post("/v1/principals", { name: "ollama", role: "user", ollamaKey: enrolled.line })).status, 201);
	return [enrolled, stranger].map((key) => key.authorization("GET", "/api/tags", SIGNED_AT));
}

function signedAsk(credential: string): Ask {
	return { key: "", path: `/api/tags?ts=${SIGNED_AT}`, fields: [["Authorization", credential]] };
}

/** The public key before the colon is no secret. */
function bareSignature(credential: string): string {
	return credential.slice(credential.indexOf(":") + 1, -2);
}

/** What of a text's base64 stays the same wherever in a longer text it stands, for one of the three places. */
function base64Core(text: string): string {
	return Buffer.from(text)
		.toString("base64")
		.slice(0, Math.floor(text.length / 3) * 4);
}
