/** Room for everyone at once: no rate, no concurrency, no queue. */
import { Admission as Limiting } from "../../../src/quota/admission.ts";
import type { RateResult } from "../../../src/quota/rate.ts";

export * from "../../../src/quota/admission.ts";

const ALLOWED: RateResult = Object.freeze({ allowed: true, arrival: 0, remaining: 1_000, retryAfterMs: 0 });

export class Admission extends Limiting {
	override rate(): RateResult {
		return ALLOWED;
	}

	override take(): "running" {
		return "running";
	}

	override leave(): void {}
}
