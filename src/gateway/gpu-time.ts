/**
 * How long a request had a GPU, in whole microseconds: what Ollama says of loading, reading the prompt and answering.
 *
 *  - Where a dialect does not say, or the caller left before it was said, it is the time at the upstream.
 *  - Either is divided among those that ran there at the same time, and neither is more than the time that passed: of all requests together it is never
 *    more than there was.
 *  - Of an error nothing is known, so it counts none.
 */
import type { Usage } from "../model/usage.ts";
import type { Operation } from "../ollama/operation.ts";
import type { Forwarded } from "./forwarded.ts";

const FAILED_STATUS = 400;
const STATUS_LEFT = 499;

export function gpuTimeUs(operation: Operation, forwarded: Forwarded): number {
	if (forwarded.outcome === "refused") return Math.ceil(forwarded.gpuMs * 1_000);
	const { outcome, usage, upstreamMs, gpuShare, status } = forwarded;
	if (gpuShare === 0 || operation.usage === "none") return 0;
	if (usage === null && (outcome === "fault" || (status >= FAILED_STATUS && status !== STATUS_LEFT))) return 0;
	const passedUs = upstreamMs * 1_000;
	return Math.ceil(Math.min(passedUs, runnerUs(usage) ?? passedUs) * gpuShare);
}

function runnerUs(usage: Usage | null): number | null {
	if (usage === null || (usage.loadNs === null && usage.promptNs === null && usage.evalNs === null)) return null;
	return ((usage.loadNs ?? 0) + (usage.promptNs ?? 0) + (usage.evalNs ?? 0)) / 1_000;
}
