/**
 * What a request is charged: what its answer said it used, or as far as was seen.
 *
 *  - GPU time is its part of the time that passed (`gpu-time.ts`).
 *  - A prompt that was sent was read, also where nobody said how long it was: then it is charged as estimated.
 *  - A fault is ours, or the upstream's: nothing is charged for it but the request itself.
 */
import type { Charge } from "../model/charge.ts";
import type { Phase } from "../model/event.ts";
import type { JudgedRequest } from "../ollama/judged-request.ts";
import { NOTHING } from "../quota/amount.ts";
import type { Reservation } from "../quota/reservation.ts";
import type { Forwarded } from "./forwarded.ts";

/** Nothing was sent yet. */
const UNSENT: ReadonlySet<Phase> = new Set(["receiving", "deciding", "queued", "connecting"]);
const FAILED_STATUS = 400;
const STATUS_LEFT = 499;

export function chargeOf(
	{ estimate: { tariff, charge } }: Reservation,
	judged: JudgedRequest,
	forwarded: Forwarded,
	gpuUs: number,
): Charge {
	if (forwarded.outcome === "refused") {
		if (forwarded.refusal.reason !== "budget-exceeded") return NOTHING;
		const { inputTokens } = charge;
		return { inputTokens, outputTokens: 0, gpuUs, nanos: tariff.nanosOf(inputTokens, 0, gpuUs) };
	}
	if (forwarded.outcome === "fault" && forwarded.usage === null) return NOTHING;
	const { usage, status, phase } = forwarded;
	if (judged.operation.usage === "none" || (usage === null && status >= FAILED_STATUS && status !== STATUS_LEFT)) return NOTHING;
	const isCounted = usage !== null && !usage.estimated;
	const inputTokens = isCounted ? usage.promptTokens : UNSENT.has(phase) ? 0 : charge.inputTokens;
	const outputTokens = usage?.outputTokens ?? 0;
	return { inputTokens, outputTokens, gpuUs, nanos: tariff.nanosOf(inputTokens, outputTokens, gpuUs) };
}
