/**
 * The upstream of tests that should hold against a real Ollama too: the one that `REMPART_TEST_OLLAMA` names, else the demonstration server.
 * The test's diagnostic says which. A real one must have the scripted `door` models; a missing one fails the test rather than falling back.
 */
import type { TestContext } from "node:test";

import { type Demonstration, startDemonstration } from "../../src/demo/server.ts";

export interface UpstreamUnderTest {
	readonly url: string;
	readonly host: string;
	readonly port: number;
	/** A real Ollama, shared with other tests: what it has loaded is not this test's doing. */
	readonly real: boolean;
}

const MODELS = ["door", "door-think", "door-tool", "door-endless", "door-embed"];

/** Closed after the test. A real one starts with no model loaded, like the demonstration. `start` starts another one in the demonstration's place. */
export async function startUpstreamUnderTest(t: TestContext, start: () => Promise<Demonstration> = plain): Promise<UpstreamUnderTest> {
	const named = process.env["REMPART_TEST_OLLAMA"];
	if (named === undefined || named === "") {
		const demonstration = await start();
		t.after(() => demonstration.close());
		t.diagnostic("upstream: the demonstration server");
		return { url: demonstration.url, host: "127.0.0.1", port: demonstration.port, real: false };
	}
	const url = new URL(named);
	await assertHasModels(url);
	for (const model of MODELS) await post(url, "/api/generate", { model, keep_alive: 0 });
	t.diagnostic(`upstream: the real Ollama at ${url.origin}`);
	return { url: url.origin, host: url.hostname, port: Number(url.port), real: true };
}

function plain(): Promise<Demonstration> {
	return startDemonstration({ host: "127.0.0.1", port: 0, clock: Date.now });
}

async function assertHasModels(url: URL): Promise<void> {
	const tags: unknown = await (await fetch(new URL("/api/tags", url))).json();
	const text = JSON.stringify(tags);
	const missing = MODELS.filter((model) => !text.includes(`"${model}:latest"`));
	if (missing.length > 0) throw new Error(`the Ollama at ${url.origin} lacks ${missing.join(", ")}`);
}

async function post(url: URL, path: string, body: unknown): Promise<void> {
	const response = await fetch(new URL(path, url), { method: "POST", body: JSON.stringify(body) });
	await response.arrayBuffer();
}
