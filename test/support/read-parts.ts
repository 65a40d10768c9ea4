/** What a wire reader makes of octets, in a form that two readings can be compared in: body parts joined, views copied. */
import type { RequestHead, RequestPart, ResponseHead, ResponsePart, WireLimits } from "../../src/wire/message.ts";
import { RequestReader } from "../../src/wire/request-reader.ts";
import { ResponseReader } from "../../src/wire/response-reader.ts";

export const LIMITS: WireLimits = { maxHeadBytes: 8192, maxFields: 32, maxTargetBytes: 1024 };

export type Read<Head> =
	| { readonly kind: "head"; readonly head: Omit<Head, "fields">; readonly fields: readonly (readonly [string, string])[] }
	/** Latin-1. */
	| { readonly kind: "body"; readonly text: string }
	| { readonly kind: "end" }
	| { readonly kind: "refused"; readonly problem: string; readonly detail: string };

export function octetsOf(text: string): Buffer {
	return Buffer.from(text, "latin1");
}

/** Cuts at every position in `cuts` (in any order, repeated or beyond the end, as a generator makes them). */
export function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
	const positions = [...new Set([0, ...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length])].sort((a, b) => a - b);
	return positions.slice(1).map((end, at) => bytes.subarray(positions[at] ?? 0, end));
}

export function eachOctet(bytes: Buffer): Buffer[] {
	return Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
}

export function readRequests(chunks: readonly Buffer[], limits: WireLimits = LIMITS): Read<RequestHead>[] {
	return readAll<RequestHead>(new RequestReader(limits), chunks);
}

export interface ResponseInput {
	readonly requestMethod?: string;
	/** Whether the connection ends after the last chunk. */
	readonly eof?: boolean;
	readonly limits?: WireLimits;
}

export function readResponse(
	chunks: readonly Buffer[],
	{ requestMethod = "POST", eof = false, limits = LIMITS }: ResponseInput = {},
): Read<ResponseHead>[] {
	const reader = new ResponseReader(limits, { requestMethod });
	const read = readAll<ResponseHead>(reader, chunks);
	const last = read.at(-1)?.kind;
	if (eof && last !== "end" && last !== "refused") read.push(reader.eof());
	return read;
}

interface Reader<Head> {
	push(chunk: Buffer): void;
	next(): Part<Head> | undefined;
}

type Part<Head> = { readonly kind: "head"; readonly head: Head } | Exclude<RequestPart | ResponsePart, { kind: "head" }>;

function readAll<Head extends RequestHead | ResponseHead>(reader: Reader<Head>, chunks: readonly Buffer[]): Read<Head>[] {
	const read: Read<Head>[] = [];
	for (const chunk of chunks) {
		reader.push(chunk);
		// A part takes at least one octet, an end one more call: a reader that goes on longer has hung.
		for (let calls = 0; ; calls++) {
			if (calls > 2 * chunk.length + 64) throw new Error("the reader does not come to an end");
			const part = reader.next();
			if (part === undefined) break;
			add(read, part);
			if (part.kind === "refused") return read;
		}
	}
	return read;
}

function add<Head extends RequestHead | ResponseHead>(read: Read<Head>[], part: Part<Head>): void {
	if (part.kind === "head") {
		const { fields, ...head } = part.head;
		read.push({ kind: "head", head, fields: [...fields] });
		return;
	}
	if (part.kind !== "body") {
		read.push(part);
		return;
	}
	const last = read.at(-1);
	const text = part.bytes.toString("latin1");
	if (last?.kind === "body") read[read.length - 1] = { kind: "body", text: last.text + text };
	else read.push({ kind: "body", text });
}
