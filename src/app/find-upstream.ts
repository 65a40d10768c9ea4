/**
 * Finds the Ollama that `up` is to protect, or starts the demonstration in its place and says so.
 *
 * `serve` never comes here with a demonstration in mind: in production a missing upstream is a fault for each request, not a reason to pretend.
 */
import type { Config } from "../config/config.ts";
import { readUpstreamUrl } from "../config/values/upstream-url.ts";
import { ask } from "../http/upstream-ask.ts";
import { UpstreamPool } from "../http/upstream-pool.ts";
import { invariant } from "../std/invariant.ts";
import { upstreamsSpecOf } from "./settings.ts";

export interface FoundUpstream {
	/** The configuration, with the demonstration's address in the upstreams' place where one was started. */
	readonly config: Config;
	readonly demonstration: { readonly url: string; close(): Promise<void> } | null;
}

/** Between two words of the demonstration's answers, so that streaming can be seen. */
const PACE_MS = 40;
const DEMONSTRATION_HOST = "127.0.0.1";

export async function findUpstream(config: Config, demonstration: "when-absent" | "never", clock: () => number): Promise<FoundUpstream> {
	if (demonstration === "never" || (await anyAnswers(config))) return { config, demonstration: null };
	// Loaded where it is needed alone: a server in production has no use for several megabytes of it.
	const { startDemonstration } = await import("../demo/server.ts");
	const server = await startDemonstration({ host: DEMONSTRATION_HOST, port: 0, pace: PACE_MS, clock });
	const reading = readUpstreamUrl(server.url);
	invariant("value" in reading, "the demonstration's own URL is well-formed");
	return { config: { ...config, upstreams: [{ name: "demonstration", url: reading.value }] }, demonstration: server };
}

async function anyAnswers(config: Config): Promise<boolean> {
	const spec = upstreamsSpecOf(config);
	const answers = spec.targets.map(async (target) => {
		const pool = new UpstreamPool(target, spec.timeouts, spec.wire, () => performance.now());
		try {
			return (await ask(pool, "GET", "/api/version", undefined, spec.healthTimeoutMs)).status === 200;
		} catch {
			// Whatever went wrong, there is no Ollama to protect at that address.
			return false;
		} finally {
			pool.close();
		}
	});
	return (await Promise.all(answers)).includes(true);
}
