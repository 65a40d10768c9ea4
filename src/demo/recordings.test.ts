/**
 * The demonstration server against the recordings of a real Ollama: the recorded bytes are sent, status line, header order, framing and every field of the
 * answer are compared. With `REMPART_TEST_OLLAMA` the same comparison runs against a real Ollama, which proves that the comparison itself is right.
 */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { type TestContext, test } from "node:test";

import { assertSameAnswer, type Tolerance } from "../../test/support/compare-answers.ts";
import { connectRaw, requestRaw } from "../../test/support/raw-client.ts";
import { recordedConnections } from "../../test/support/recorded-frames.ts";
import { startUpstreamUnderTest } from "../../test/support/upstream-under-test.ts";

/** What a constrained model says is the sampler's choice. */
const FORMATTED: Tolerance = { loose: ["response", "content", "context", "eval_count", "prompt_eval_count", "done_reason"] };

interface Scenario {
	readonly name: string;
	/** Scenarios whose requests come first, unlooked at. */
	readonly after?: readonly string[];
	readonly tolerance?: Tolerance;
}

const scenarios: readonly Scenario[] = [
	...["root", "version", "status", "tags", "ps-empty", "show", "show-verbose", "generate-load", "generate-unload"].map(route),
	{ name: "route-ps-loaded", after: ["route-generate-load"] },
	...["generate-stream", "generate-whole", "generate-raw", "generate-length", "generate-context", "generate-suffix", "generate-images"].map(
		route,
	),
	...["generate-think", "generate-logprobs", "generate-debug-render"].map(route),
	{ name: "route-generate-format-schema", tolerance: FORMATTED },
	...["chat-stream", "chat-whole", "chat-think", "chat-tools", "chat-tools-whole", "chat-load"].map(route),
	{ name: "route-chat-format-json", tolerance: FORMATTED },
	...["embed", "embed-one", "embeddings", "copy-delete", "create-from", "create-whole"].map(route),
	...["pull-unreachable", "pull-unreachable-insecure", "pull-insecure-scheme", "push-unreachable", "me"].map(route),
	...["models", "chat", "chat-stream", "chat-stream-usage", "chat-tools", "chat-tools-stream", "chat-think-stream", "chat-length"].map(
		v1Route,
	),
	...["completions", "completions-stream", "completions-stream-usage", "embeddings", "responses", "responses-stream"].map(v1Route),
	...["responses-tools-stream", "messages", "messages-stream", "messages-think-stream", "messages-tools-stream"].map(v1Route),
	...["messages-count-tokens", "transcriptions"].map(v1Route),
	...["bad-host", "bad-json", "cloud-model", "embed-unsupported", "empty-body", "think-unsupported", "tools-unsupported"].map(error),
	...["unknown-model", "unknown-route", "wrong-method", "wrong-types"].map(error),
	{ name: "cors" },
	{ name: "two-at-once" },
	...["absolute-form", "bad-utf8", "content-encoding", "content-type", "deeper-json", "duplicate-key", "encoded-path", "escaped-key"].map(
		differential,
	),
	...["get-with-body", "key-case", "method-override", "model-names", "name-for-model", "numbers", "spoofed-address", "stream-null"].map(
		differential,
	),
	...["account", "binding", "dialects", "media", "misnamed", "options", "paths", "registry", "rendering", "syntax", "thinking"].map(edge),
	...["tools", "unnamed", "unsupported"].map(edge),
	...["bom-and-space", "trailing", "unclean-path", "unicode-fold"].map(differential),
];

for (const { name, after = [], tolerance } of scenarios) {
	test(`answers as recorded in ${name}`, async (t) => {
		const upstream = await startUpstreamUnderTest(t);
		for (const earlier of after) for (const { sent } of recordedConnections(earlier)) await requestRaw(upstream, sent);
		for (const { sent, responses } of recordedConnections(name)) {
			const [recorded] = responses;
			assert.ok(recorded !== undefined);
			await t.test(lineOf(sent), async () => assertSameAnswer(await requestRaw(upstream, sent), recorded, tolerance));
		}
	});
}

test("answers as recorded in route-blobs", async (t) => {
	const upstream = await startUpstreamUnderTest(t);
	// Another blob of the same length: a real Ollama has the recorded one since it was last asked, and there is no request that deletes it.
	const renewed = replacing("a blob of twenty-five by.", randomBytes(12).toString("hex"));
	for (const { sent, responses } of recordedConnections("route-blobs")) {
		const [recorded] = responses;
		assert.ok(recorded !== undefined);
		assertSameAnswer(await requestRaw(upstream, renewed(sent)), { ...recorded, body: renewed(recorded.body) });
	}
});

test("recommends models in the two recorded forms", async (t) => {
	const upstream = await startUpstreamUnderTest(t);
	const [connection] = recordedConnections("route-recommendations");
	const [recorded] = connection?.responses ?? [];
	assert.ok(connection !== undefined && recorded !== undefined);
	const answer = await requestRaw(upstream, connection.sent);
	assert.deepEqual(
		answer.headers.map(([field]) => field),
		recorded.headers.map(([field]) => field),
	);
	assert.deepEqual(new Set(formsIn(answer.text())), new Set(formsIn(recorded.body.toString())));
});

test("answers pipelined requests in order on one connection", async (t) => {
	const upstream = await startUpstreamUnderTest(t);
	await compareInOrder(t, upstream.port, "differential-pipelined");
});

test("answers HTTP/1.0 without chunks and ends the connection", async (t) => {
	const upstream = await startUpstreamUnderTest(t);
	// Node writes HTTP/1.1 in its status line whatever the caller speaks, which RFC 9112 §2.3 wants; Go echoes the version.
	for (const { sent, responses } of recordedConnections("differential-http10")) {
		const client = await connectRaw(upstream);
		await client.send(sent);
		const answer = await client.readResponse();
		const [recorded] = responses;
		assert.deepEqual(
			answer.headers.map(([field]) => field),
			recorded?.headers.map(([field]) => field),
		);
		assert.equal(await client.closed, "end");
		client.destroy();
	}
});

async function compareInOrder(t: TestContext, port: number, scenario: string): Promise<void> {
	for (const { sent, responses } of recordedConnections(scenario)) {
		const client = await connectRaw({ port });
		t.after(() => client.destroy());
		await client.send(sent);
		for (const recorded of responses) assertSameAnswer(await client.readResponse(), recorded);
	}
}

/** What tells one request of a scenario from another. */
function lineOf(sent: Buffer): string {
	const text = sent.toString("latin1");
	const body = text.slice(text.indexOf("\r\n\r\n") + 4).slice(0, 120);
	return `${text.slice(0, text.indexOf("\r\n"))} ${body.replace(/[^ -~]/g, ".")}`;
}

/** The recorded blob and its digest, replaced by another blob of the same length. */
function replacing(old: string, fresh: string): (bytes: Buffer) => Buffer {
	const padded = fresh.padEnd(old.length, ".").slice(0, old.length);
	const digest = (content: string) => createHash("sha256").update(content).digest("hex");
	return (bytes) => Buffer.from(bytes.toString("latin1").replaceAll(old, padded).replaceAll(digest(old), digest(padded)), "latin1");
}

function formsIn(text: string): readonly string[] {
	return [...text.matchAll(/\{"model":[^}]*\}/g)].map(([entry]) => entry.replace(/:("[^"]*"|\d+)/g, ""));
}

function route(name: string): Scenario {
	return { name: `route-${name}` };
}

function v1Route(name: string): Scenario {
	return { name: `route-v1-${name}` };
}

function error(name: string): Scenario {
	return { name: `error-${name}` };
}

function edge(name: string): Scenario {
	return { name: `edge-${name}` };
}

function differential(name: string): Scenario {
	return { name: `differential-${name}` };
}
