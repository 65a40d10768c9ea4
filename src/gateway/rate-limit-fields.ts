/**
 * How much of the rate is left, as draft-ietf-httpapi-ratelimit-headers says it: `RateLimit-Policy` names the quota, `RateLimit` what remains of it.
 *
 * Sent to principals alone; a stranger learns no limit.
 */
import type { RateResult, RateSpec } from "../quota/rate.ts";

/** The policy, and what is left. */
export type RateFields = readonly [readonly [string, string], readonly [string, string]];

export function rateLimitFields(spec: RateSpec, rate: RateResult): RateFields {
	const reset = Math.ceil(rate.retryAfterMs / 1000);
	return [
		["ratelimit-policy", policyOf(spec)],
		["ratelimit", `"requests";r=${rate.remaining};t=${reset}`],
	];
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
