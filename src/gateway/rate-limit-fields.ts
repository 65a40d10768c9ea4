/**
 * How much of the rate is left: as draft-ietf-httpapi-ratelimit-headers says it (`RateLimit-Policy` names the quota, `RateLimit` what remains of it), and
 * for the SDKs of OpenAI and Anthropic where they look.
 *
 * Sent to principals alone; a stranger learns no limit.
 */
import type { Dialect } from "../model/operation-class.ts";
import type { RateResult, RateSpec } from "../quota/rate.ts";
import type { Field } from "../wire/write.ts";
import { addLimitFields, type Left } from "./limit-fields.ts";

/** The policy, and what is left. */
export type RateFields = readonly [readonly [string, string], readonly [string, string]];

export function rateLimitFields(spec: RateSpec, rate: RateResult): RateFields {
	const reset = Math.ceil(rate.retryAfterMs / 1000);
	return [
		["ratelimit-policy", policyOf(spec)],
		["ratelimit", `"requests";r=${rate.remaining};t=${reset}`],
	];
}

/** For the fields of a dialect that has some. `monotonic`: of the rate's clock; `now`: Unix ms. */
export function rateLeft(spec: RateSpec, { arrival, remaining }: RateResult, monotonic: number, now: number): Left {
	return { limit: spec.perMinute, remaining, resetMs: Math.max(0, arrival - monotonic), now };
}

/** All of it, where no budget is told beside it. */
export function allRateFields(dialect: Dialect, spec: RateSpec, rate: RateResult, monotonic: number, now: number): readonly Field[] {
	const fields: Field[] = [...rateLimitFields(spec, rate)];
	addLimitFields(fields, dialect, "requests", rateLeft(spec, rate, monotonic, now));
	return fields;
}

const policies = new WeakMap<RateSpec, string>();

function policyOf(spec: RateSpec): string {
	let policy = policies.get(spec);
	if (policy === undefined) {
		policy = `"requests";q=${spec.perMinute};w=60`;
		policies.set(spec, policy);
	}
	return policy;
}
