/** Reads what the server reports in its closing records. Numbers that are no counts are taken for absent. */
import type { Usage } from "../../model/usage.ts";
import type { UsageSource } from "../operation.ts";

/** A parsed record; nothing is known of it. */
export type Parsed = Readonly<Record<string, unknown>>;

export function parseRecord(text: string): Parsed | null {
	try {
		const value: unknown = JSON.parse(text);
		return isRecord(value) ? value : null;
	} catch {
		// Not JSON: then it is no record, and the caller of this estimates.
		return null;
	}
}

export function isRecord(value: unknown): value is Parsed {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a whole answer or closing record of this kind reports; null where it reports nothing. */
export function reportedUsage(source: UsageSource, record: Parsed): Usage | null {
	switch (source) {
		case "record":
		case "embed":
			return ofRecord(record);
		case "openai-chat":
		case "openai-completion":
		case "openai-embeddings":
			return ofTokens(record["usage"], "prompt_tokens", "completion_tokens");
		case "openai-responses":
		case "anthropic":
			return ofTokens(record["usage"], "input_tokens", "output_tokens");
		case "estimate":
		case "none":
			return null;
	}
}

/** Loading and unloading report neither counts nor durations: nothing was used. Durations are in nanoseconds. */
function ofRecord(record: Parsed): Usage {
	return {
		promptTokens: countOf(record["prompt_eval_count"]) ?? 0,
		outputTokens: countOf(record["eval_count"]) ?? 0,
		totalNs: countOf(record["total_duration"]),
		loadNs: countOf(record["load_duration"]),
		promptNs: countOf(record["prompt_eval_duration"]),
		evalNs: countOf(record["eval_duration"]),
		estimated: false,
	};
}

function ofTokens(usage: unknown, prompt: string, output: string): Usage | null {
	if (!isRecord(usage)) return null;
	const promptTokens = countOf(usage[prompt]);
	const outputTokens = countOf(usage[output]);
	return promptTokens === null && outputTokens === null ? null : tokens(promptTokens ?? 0, outputTokens ?? 0, false);
}

export function tokens(promptTokens: number, outputTokens: number, estimated: boolean): Usage {
	return { promptTokens, outputTokens, totalNs: null, loadNs: null, promptNs: null, evalNs: null, estimated };
}

export function countOf(value: unknown): number | null {
	return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

const LONGEST_ERROR = 300;
/** A quote that opens: not the apostrophe of a word. */
const OPENING = /(?<![A-Za-z0-9])['"`]/;
const CLOSING = /['"`](?![A-Za-z0-9])/g;

/** The text of a record's `error`, without what it quotes: a string in Ollama's dialect, an object with a message in the others. */
export function errorOf(record: Parsed): string | null {
	const error = record["error"];
	const text = isRecord(error) ? error["message"] : error;
	return typeof text === "string" && text !== "" ? unquoted(text).slice(0, LONGEST_ERROR) : isRecord(error) ? "unknown error" : null;
}

/**
 * Ollama quotes in its errors what the model said (`error parsing tool call: raw='…', err=…`), and an answer must not reach the record. Everything
 * between the first quote and the last is left out, since what is quoted may hold quotes of its own.
 */
function unquoted(text: string): string {
	const opening = OPENING.exec(text)?.index ?? -1;
	if (opening === -1) return text;
	let closing = -1;
	for (const match of text.matchAll(CLOSING)) closing = match.index;
	return closing > opening ? `${text.slice(0, opening + 1)}...${text.slice(closing)}` : `${text.slice(0, opening + 1)}...`;
}
