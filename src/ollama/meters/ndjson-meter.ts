/**
 * Meters NDJSON: the last line is the closing record, or the error. Nothing is withheld.
 *
 * A line that ends in `false}` is a token (`"done":false` closes it) and is not even copied. Any other line is kept until the next one; only the
 * last is parsed, at the end. With log probabilities every line is kept so, which costs a copy.
 */
import type { JudgedRequest } from "../judged-request.ts";
import { estimatePromptTokens } from "./estimate.ts";
import { hiddenTokensIn } from "./hidden-tokens.ts";
import { LineTail } from "./line-tail.ts";
import type { CutNote, Meter, MeterEnd, OutputBound } from "./meter.ts";
import { errorOf, parseRecord, reportedUsage, tokens } from "./reported-usage.ts";

const NEWLINE = 0x0a;
const NOTHING = Buffer.alloc(0);
const LONGEST_LINE = 2 ** 20;
const TOKEN_END = Buffer.from("false}", "latin1");
/** Quotes within a string are escaped, so no answer can say this. */
const CLOSES = Buffer.from('"done":true', "latin1");

export class NdjsonMeter implements Meter {
	readonly #judged: JudgedRequest;
	readonly #unfinished = new LineTail(LONGEST_LINE);
	#last: Buffer | null = null;
	#frames = 0;
	bounded = false;
	readonly #bound: OutputBound | null;
	/** The first, and where the bound said no that one: what the closing record is made from. */
	#token: Buffer | null = null;
	#isClosed = false;
	#hidden = 0;

	constructor(judged: JudgedRequest, bound: OutputBound | null) {
		this.#judged = judged;
		this.#bound = bound;
	}

	get cuttable(): boolean {
		return this.#token !== null && !this.#isClosed && this.#unfinished.empty;
	}

	push(bytes: Buffer): Buffer {
		if (this.bounded) return NOTHING;
		let at = 0;
		for (let newline = bytes.indexOf(NEWLINE); newline >= 0; newline = at < bytes.length ? bytes.indexOf(NEWLINE, at) : -1) {
			if (this.#unfinished.empty) this.#line(bytes, at, newline, false);
			else {
				this.#unfinished.add(bytes.subarray(at, newline));
				const line = this.#unfinished.take();
				if (line === null) this.#tooLong();
				else this.#line(line, 0, line.length, true);
			}
			at = newline + 1;
			if (this.bounded) return bytes.subarray(0, at);
		}
		if (at < bytes.length) this.#unfinished.add(bytes.subarray(at));
		return bytes;
	}

	end(complete: boolean): MeterEnd {
		const boundary = this.#unfinished.empty;
		const rest = this.#unfinished.take();
		if (complete && rest !== null && rest.length > 0) this.#line(rest, 0, rest.length, true);
		const { usage: source } = this.#judged.operation;
		const record = this.#last === null ? null : parseRecord(this.#last.toString("utf8"));
		const failed = record === null ? null : errorOf(record);
		const closed = record !== null && failed === null && record["done"] === true;
		if (source === "none") return { relay: NOTHING, usage: null, failed, boundary };
		if (closed) return { relay: NOTHING, usage: reportedUsage(source, record), failed, boundary };
		// The record that is no closing one is a token too, unless it is the error.
		const output = this.#frames - (failed === null ? 0 : 1);
		return { relay: NOTHING, usage: tokens(estimatePromptTokens(this.#judged), output, true), failed, boundary };
	}

	cut({ elapsedMs, ...note }: CutNote): MeterEnd {
		const token = parseRecord(this.#token?.toString("utf8") ?? "") ?? {};
		const promptTokens = estimatePromptTokens(this.#judged);
		const elapsedNs = Math.round(elapsedMs * 1e6);
		const closing = {
			model: token["model"],
			created_at: token["created_at"],
			...("message" in token ? { message: { role: "assistant", content: "" } } : { response: "" }),
			done: true,
			done_reason: "length",
			total_duration: elapsedNs,
			load_duration: 0,
			prompt_eval_count: promptTokens,
			prompt_eval_duration: 0,
			eval_count: this.#frames,
			eval_duration: elapsedNs,
			rempart: note,
		};
		const relay = Buffer.from(`${JSON.stringify(closing)}\n`, "utf8");
		return { relay, usage: tokens(promptTokens, this.#frames, true), failed: null, boundary: true };
	}

	/** `owned`: whether the bytes are ours to keep. */
	#line(bytes: Buffer, start: number, end: number, owned: boolean): void {
		if (end === start) return;
		this.#frames++;
		if (this.#bound !== null) this.#ask(this.#bound, bytes.subarray(start, end));
		if (isToken(bytes, start, end)) this.#last = null;
		else this.#last = owned ? bytes : Buffer.from(bytes.subarray(start, end));
	}

	#ask(bound: OutputBound, line: Buffer): void {
		if (line.includes(CLOSES)) {
			this.#isClosed = true;
			return;
		}
		this.#hidden += hiddenTokensIn(line);
		const isEnd = !bound.passed(this.#frames, this.#hidden);
		if (isEnd) this.bounded = true;
		if (isEnd || this.#token === null) this.#token = Buffer.from(line);
	}

	#tooLong(): void {
		this.#frames++;
		this.#last = null;
	}
}

function isToken(bytes: Buffer, start: number, end: number): boolean {
	const from = end - TOKEN_END.length;
	if (from < start) return false;
	for (let at = 0; at < TOKEN_END.length; at++) if (bytes[from + at] !== TOKEN_END[at]) return false;
	return true;
}
