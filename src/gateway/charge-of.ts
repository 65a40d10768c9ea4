/**
 * What a request is charged: what its answer said it used, or as far as was seen.
 *
 *  - GPU time is Ollama's own: loading, reading the prompt, answering. Where a dialect does not say, or the caller left before it was said, it is the time
 *    at the upstream. Either is divided among those that ran there at the same time.
 *  - A fault is ours, or the upstream's: nothing is charged for it but the request itself.
 */
import type { Charge } from "../model/charge.ts";
import type { Usage } from "../model/usage.ts";
import type { JudgedRequest } from "../ollama/judged-request.ts";
import { NOTHING } from "../quota/amount.ts";
import type { Reservation } from "../quota/reservation.ts";
import type { Forwarded } from "./forwarded.ts";

const FAILED_STATUS = 400;
const STATUS_LEFT = 499;

export function chargeOf({ estimate: { tariff } }: Reservation, judged: JudgedRequest, forwarded: Forwarded): Charge {
	if (forwarded.outcome === "refused" || (forwarded.outcome === "fault" && forwarded.usage === null)) return NOTHING;
	const { usage, upstreamMs, gpuShare, status } = forwarded;
	if (judged.operation.usage === "none" || (usage === null && status >= FAILED_STATUS && status !== STATUS_LEFT)) return NOTHING;
	const inputTokens = usage?.promptTokens ?? 0;
	const outputTokens = usage?.outputTokens ?? 0;
	const gpuUs = Math.ceil((runnerUs(usage) ?? upstreamMs * 1_000) * gpuShare);
	return { inputTokens, outputTokens, gpuUs, nanos: tariff.nanosOf(inputTokens, outputTokens, gpuUs) };
}

function runnerUs(usage: Usage | null): number | null {
	if (usage === null || (usage.loadNs === null && usage.promptNs === null && usage.evalNs === null)) return null;
	return ((usage.loadNs ?? 0) + (usage.promptNs ?? 0) + (usage.evalNs ?? 0)) / 1_000;
}
