/**
 * What is left of a limit, in the fields in which the SDKs of OpenAI and Anthropic look for it.
 *
 * They know requests and tokens alone, Anthropic's input and output tokens besides; Ollama's own dialect has no such fields.
 */
import type { BudgetUnit } from "../model/budget-spec.ts";
import type { Dialect } from "../model/operation-class.ts";
import type { Field } from "../wire/write.ts";

/** Of one limit, at this moment. */
export interface Left {
	readonly limit: number;
	readonly remaining: number;
	/** Milliseconds until all of it is there again, if nothing more is used. */
	readonly resetMs: number;
	/** Unix ms: this moment. */
	readonly now: number;
}

const ANTHROPIC_NAMES = {
	requests: "requests",
	tokens: "tokens",
	input_tokens: "input-tokens",
	output_tokens: "output-tokens",
} as const satisfies Partial<Record<BudgetUnit, string>>;

const PARTS = ["limit", "remaining", "reset"] as const;
/** All that there may be: what a page of another origin has to be allowed to read by name. */
export const LIMIT_FIELDS: readonly string[] = [
	...["requests", "tokens"].flatMap((unit) => PARTS.map((part) => `x-ratelimit-${part}-${unit}`)),
	...Object.values(ANTHROPIC_NAMES).flatMap((name) => PARTS.map((part) => `anthropic-ratelimit-${name}-${part}`)),
	"x-should-retry",
];

export function addLimitFields(fields: Field[], dialect: Dialect, unit: BudgetUnit, { limit, remaining, resetMs, now }: Left): void {
	if (dialect === "openai" && (unit === "requests" || unit === "tokens")) {
		fields.push(
			[`x-ratelimit-limit-${unit}`, String(limit)],
			[`x-ratelimit-remaining-${unit}`, String(remaining)],
			[`x-ratelimit-reset-${unit}`, durationText(resetMs)],
		);
	} else if (dialect === "anthropic" && isNamed(unit)) {
		const name = ANTHROPIC_NAMES[unit];
		fields.push(
			[`anthropic-ratelimit-${name}-limit`, String(limit)],
			[`anthropic-ratelimit-${name}-remaining`, String(remaining)],
			[`anthropic-ratelimit-${name}-reset`, new Date(now + resetMs).toISOString()],
		);
	}
}

function isNamed(unit: BudgetUnit): unit is keyof typeof ANTHROPIC_NAMES {
	return Object.hasOwn(ANTHROPIC_NAMES, unit);
}

/** As OpenAI writes it: `6m0s`, `1.5s`, `20ms`. */
export function durationText(ms: number): string {
	const left = Math.max(0, Math.ceil(ms));
	if (left < 1_000) return `${left}ms`;
	const hours = Math.floor(left / 3_600_000);
	const minutes = Math.floor((left % 3_600_000) / 60_000);
	const seconds = `${Number(((left % 60_000) / 1_000).toFixed(3))}s`;
	if (hours > 0) return `${hours}h${minutes}m${seconds}`;
	return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
