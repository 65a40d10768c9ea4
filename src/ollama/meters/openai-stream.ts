/**
 * Streams of /v1/chat/completions and /v1/completions.
 *
 * Ollama says what was used in a last chunk without choices, only when asked to; we always ask. Text completions then have a `usage` of zeros in
 * every other chunk as well (recorded), chat completions do not. What the caller did not ask for is taken out, so that the stream is what it
 * would have been without us.
 */
import type { Usage } from "../../model/usage.ts";
import { errorOf, isRecord, type Parsed, parseRecord, reportedUsage } from "./reported-usage.ts";
import { type ClosingFacts, dataOf, eventText, recordOf, type StreamReader, type StreamResult } from "./stream-reader.ts";

const NOTHING = Buffer.alloc(0);
const NEWLINE = 0x0a;
/** How a chunk with choices at its end closes: then no usage follows them. */
const PLAIN_END = Buffer.from("}]}\n\n", "latin1");
const ZEROS = ',"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}';
const ZEROS_END = Buffer.from(`${ZEROS}}\n\n`, "latin1");
/** Quotes within a string are escaped, so no answer can say this. */
const UNFINISHED = Buffer.from('"finish_reason":null', "latin1");
const CLOSED = Buffer.from("}\n\n", "latin1");

export class OpenAiStream implements StreamReader {
	readonly withholds: boolean;
	#usage: Usage | null = null;
	#failed: string | null = null;
	#frames = 0;

	constructor({ strips }: { readonly strips: boolean }) {
		this.withholds = strips;
	}

	read(event: Buffer): Buffer | null {
		this.#frames++;
		if (endsWith(event, PLAIN_END)) return null;
		if (endsWith(event, ZEROS_END)) return this.withholds ? Buffer.concat([event.subarray(0, -ZEROS_END.length), CLOSED]) : null;
		return this.#readClosely(event);
	}

	result(): StreamResult {
		return { reported: this.#usage, counted: { promptTokens: null, outputTokens: this.#frames }, failed: this.#failed };
	}

	isToken(event: Buffer): boolean {
		return event.includes(UNFINISHED);
	}

	closing(last: Buffer, { usage, usageAsked, note }: ClosingFacts): string {
		const { usage: _usage, ...chunk } = recordOf(last) ?? {};
		const isText = chunk["object"] === "text_completion";
		const choice = { index: 0, ...(isText ? { text: "" } : { delta: {} }), finish_reason: "length" };
		const finish = eventText({ ...chunk, choices: [choice], rempart: note });
		const { promptTokens, outputTokens } = usage;
		const counts = { prompt_tokens: promptTokens, completion_tokens: outputTokens, total_tokens: promptTokens + outputTokens };
		const used = usageAsked ? eventText({ ...chunk, choices: [], usage: counts }) : "";
		return `${finish}${used}data: [DONE]\n\n`;
	}

	/** The finishing chunk, the one with the usage, the end, an error, or a chunk of a server that is not quite Ollama. */
	#readClosely(event: Buffer): Buffer | null {
		const record = recordOf(event);
		if (record === null) {
			this.#frames--;
			return null;
		}
		this.#failed = errorOf(record) ?? this.#failed;
		if (!("usage" in record)) return null;
		const { choices } = record;
		const bare = Array.isArray(choices) && choices.length === 0;
		if (bare || isUsed(record)) this.#usage = reportedUsage("openai-chat", record) ?? this.#usage;
		if (!this.withholds) return null;
		return bare ? NOTHING : withoutUsage(event, record);
	}
}

function isUsed({ usage }: Parsed): boolean {
	return isRecord(usage) && Object.values(usage).some((count) => typeof count === "number" && count > 0);
}

function withoutUsage(event: Buffer, record: Parsed): Buffer {
	const data = dataOf(event);
	const shorter = `${data.slice(0, data.lastIndexOf(',"usage":'))}}`;
	const cut = parseRecord(shorter);
	const { usage: _usage, ...rest } = record;
	// Cut out where it stands last, so that no other byte changes; rebuilt where it does not.
	const text = cut !== null && Object.keys(cut).length === Object.keys(rest).length && !("usage" in cut) ? shorter : JSON.stringify(rest);
	return Buffer.from(`data: ${text}\n\n`, "utf8");
}

function endsWith(event: Buffer, end: Buffer): boolean {
	let at = event.length - 1;
	let against = end.length - 1;
	if (event[at] !== NEWLINE || at < against) return false;
	for (; against >= 0; at--, against--) if (event[at] !== end[against]) return false;
	return true;
}
