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

/** Null in a dialect that has no fields for it. `monotonic`: of the rate's clock; `now`: Unix ms. */
export function rateLeft(
	dialect: Dialect,
	spec: RateSpec,
	{ arrival, remaining }: RateResult,
	monotonic: number,
	now: number,
): Left | null {
	return dialect === "ollama" ? null : { limit: spec.perMinute, remaining, resetMs: Math.max(0, arrival - monotonic), now };
}

/** All of it, where no budget is told beside it. */
export function allRateFields(dialect: Dialect, spec: RateSpec, rate: RateResult, monotonic: number, now: number): readonly Field[] {
	const fields: Field[] = [...rateLimitFields(spec, rate)];
	const left = rateLeft(dialect, spec, rate, monotonic, now);
	if (left !== null) addLimitFields(fields, dialect, "requests", left);
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
