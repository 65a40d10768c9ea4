/** What inference answers with, before a dialect gives it its form: one item for each piece of text, the last one with counts. */
import type { Counts } from "./saying.ts";
import type { ToolCall } from "./tool-calls.ts";

export interface Item {
	readonly model: string;
	readonly createdAt: bigint;
	readonly content: string;
	readonly thinking: string;
	readonly toolCalls: readonly ToolCall[];
	readonly logprobs: readonly unknown[];
	readonly done: boolean;
	/** `stop`, `length`, `load`, `unload`; "" before the end. */
	readonly reason: string;
	readonly counts: Counts | null;
	readonly totalNanos: number;
	readonly loadNanos: number;
	/** Tokens of prompt and answer, which generate gives back; null where it does not. */
	readonly context: readonly number[] | null;
	/** The rendered prompt, when only that was asked for. */
	readonly debug: string | null;
}

export function itemOf(model: string, createdAt: bigint, rest: Partial<Item> = {}): Item {
	const blank = {
		content: "",
		thinking: "",
		toolCalls: [],
		logprobs: [],
		done: false,
		reason: "",
		counts: null,
		totalNanos: 0,
		loadNanos: 0,
	};
	return { model, createdAt, ...blank, context: null, debug: null, ...rest };
}

/** The members that Ollama writes at the end of an answer; zeros are left out. */
export function countsOf({ counts, totalNanos, loadNanos }: Item): Readonly<Record<string, number | undefined>> {
	return {
		total_duration: unlessZero(totalNanos),
		load_duration: unlessZero(loadNanos),
		prompt_eval_count: unlessZero(counts?.promptTokens),
		prompt_eval_duration: unlessZero(counts?.promptNanos),
		eval_count: unlessZero(counts?.tokens),
		eval_duration: unlessZero(counts?.nanos),
	};
}

function unlessZero(count: number | undefined): number | undefined {
	return count === 0 ? undefined : count;
}

/** A list as Go writes it with `omitempty`. */
export function orNothing<T>(list: readonly T[]): readonly T[] | undefined {
	return list.length === 0 ? undefined : list;
}

export function promptTokensOf(item: Item): number {
	return item.counts?.promptTokens ?? 0;
}

export function tokensOf(item: Item): number {
	return item.counts?.tokens ?? 0;
}
