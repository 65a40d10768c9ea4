/** What a dialect makes of one event of a stream. */
import type { Usage } from "../../model/usage.ts";
import type { CutNote } from "./meter.ts";
import { type Parsed, parseRecord } from "./reported-usage.ts";

export interface StreamReader {
	/** Whether `read` may change events at all; decides whether unfinished ones are held. */
	readonly withholds: boolean;
	/** Looks at one whole event, blank line included. Null keeps it; else what stands in its place, perhaps nothing. */
	read(event: Buffer): Buffer | null;
	result(): StreamResult;
	/** Whether a whole event is a token of the answer. Asked of every event where a bound is to be kept, before `read`, and of none where not. */
	isToken(event: Buffer): boolean;
	/** The events that end the stream behind `last`, a token, as the model's own bound would have ended it. */
	closing(last: Buffer, facts: ClosingFacts): string;
}

export interface ClosingFacts {
	readonly usage: Usage;
	/** Whether the caller asked to be told what was used. */
	readonly usageAsked: boolean;
	readonly note: Omit<CutNote, "elapsedMs">;
}

export interface StreamResult {
	/** From the closing record; null where none came. */
	readonly reported: Usage | null;
	/** From what passed; `promptTokens` where the stream's opening said so. */
	readonly counted: { readonly promptTokens: number | null; readonly outputTokens: number };
	readonly failed: string | null;
}

/** The text of an event's `data:` lines, joined as the standard says (WHATWG HTML §9.2.6). */
export function dataOf(event: Buffer): string {
	const lines: string[] = [];
	for (const line of event.toString("utf8").split(/\r?\n/)) {
		if (line.startsWith("data:")) lines.push(line.slice(line.startsWith("data: ") ? 6 : 5));
	}
	return lines.join("\n");
}

/** What an event says. Ollama writes some errors as a bare line of JSON into a stream of events, so that is read too. */
export function recordOf(event: Buffer): Parsed | null {
	const data = dataOf(event);
	return parseRecord(data === "" ? event.toString("utf8") : data);
}

/** One event, with its name where the dialect has names. */
export function eventText(record: Parsed, name: string | null = null): string {
	return `${name === null ? "" : `event: ${name}\n`}data: ${JSON.stringify(record)}\n\n`;
}

const NEWLINE = 0x0a;
const EVENT = Buffer.from("event: ", "latin1");

/** The name in the event's first line; "" where the event does not begin with one. */
export function nameOf(event: Buffer): string {
	for (let at = 0; at < EVENT.length; at++) if (event[at] !== EVENT[at]) return "";
	const end = event.indexOf(NEWLINE, EVENT.length);
	return event.toString("latin1", EVENT.length, end < 0 ? event.length : end).trimEnd();
}
