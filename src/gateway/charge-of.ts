/**
 * What a request is charged: what its answer said it used, or as far as was seen.
 *
 *  - GPU time is Ollama's own: loading, reading the prompt, answering. Where a dialect does not say, or the caller left before it was said, it is the time
 *    at the upstream. Either is divided among those that ran there at the same time, and neither is more than the time that passed.
 *  - A prompt that was sent was read, also where nobody said how long it was: then it is charged as estimated.
 *  - A fault is ours, or the upstream's: nothing is charged for it but the request itself.
 */
import type { Charge } from "../model/charge.ts";
import type { Phase } from "../model/event.ts";
import type { Usage } from "../model/usage.ts";
import type { JudgedRequest } from "../ollama/judged-request.ts";
import { NOTHING } from "../quota/amount.ts";
import type { Reservation } from "../quota/reservation.ts";
import type { Forwarded } from "./forwarded.ts";

/** Nothing was sent yet. */
const UNSENT: ReadonlySet<Phase> = new Set(["receiving", "deciding", "queued", "connecting"]);
const FAILED_STATUS = 400;
const STATUS_LEFT = 499;

export function chargeOf({ estimate: { tariff, charge } }: Reservation, judged: JudgedRequest, forwarded: Forwarded): Charge {
	if (forwarded.outcome === "refused") {
		if (forwarded.refusal.reason !== "budget-exceeded") return NOTHING;
		const { inputTokens } = charge;
		const gpuUs = Math.ceil(forwarded.gpuMs * 1_000);
		return { inputTokens, outputTokens: 0, gpuUs, nanos: tariff.nanosOf(inputTokens, 0, gpuUs) };
	}
	if (forwarded.outcome === "fault" && forwarded.usage === null) return NOTHING;
	const { usage, upstreamMs, gpuShare, status, phase } = forwarded;
	if (judged.operation.usage === "none" || (usage === null && status >= FAILED_STATUS && status !== STATUS_LEFT)) return NOTHING;
	const isCounted = usage !== null && !usage.estimated;
	const inputTokens = isCounted ? usage.promptTokens : UNSENT.has(phase) ? 0 : charge.inputTokens;
	const outputTokens = usage?.outputTokens ?? 0;
	const passedUs = upstreamMs * 1_000;
	const gpuUs = Math.ceil(Math.min(passedUs, runnerUs(usage) ?? passedUs) * gpuShare);
	return { inputTokens, outputTokens, gpuUs, nanos: tariff.nanosOf(inputTokens, outputTokens, gpuUs) };
}

function runnerUs(usage: Usage | null): number | null {
	if (usage === null || (usage.loadNs === null && usage.promptNs === null && usage.evalNs === null)) return null;
	return ((usage.loadNs ?? 0) + (usage.promptNs ?? 0) + (usage.evalNs ?? 0)) / 1_000;
}
