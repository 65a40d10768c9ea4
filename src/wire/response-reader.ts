/**
 * One answer out of the octets of an upstream connection; as strict as the request reader, since a cache, a proxy or an attacker who owns a
 * model server can desynchronise a gateway from behind too.
 *
 *  - One exchange at a time, `begin` before the next. `push` what arrived, call `next` until undefined; `eof` once when the connection ended, after
 *    the last `next`.
 *  - Interim answers (1xx) are read over; 101 is refused, because we never ask to switch (RFC 9110 §15.2.2).
 *  - An answer that breaks off is refused as truncated, never ended (RFC 9112 §8): half an answer must not look like a whole one.
 *  - Octets after the end are refused: nobody asked for them, so that connection must not be used again.
 *  - Cheap while it streams: a chunk that arrives in one piece is one view and a handful of comparisons.
 */

import { invariant } from "../std/invariant.ts";
import { BodyReader, END } from "./body-reader.ts";
import { FieldSection } from "./field-section.ts";
import { framingFields } from "./framing.ts";
import { Input } from "./input.ts";
import type { EndPart, Framing, Refused, ResponseHead, ResponsePart, WireLimits } from "./message.ts";
import { refuse, type Scan } from "./refuse.ts";
import { StatusLine } from "./status-line.ts";

type Phase = "status-line" | "fields" | "body" | "over";

/** More interim answers than any server sends; without a bound a hostile one could keep an exchange at its beginning for ever. */
const MAX_INTERIM = 16;

export class ResponseReader {
	readonly #maxHeadBytes: number;
	#requestMethod: string;
	readonly #input = new Input();
	readonly #line = new StatusLine();
	readonly #fields: FieldSection;
	readonly #body = new BodyReader();
	#phase: Phase = "status-line";
	#interim = 0;
	#refused: Refused | undefined;

	constructor(limits: WireLimits, options: { readonly requestMethod: string }) {
		this.#maxHeadBytes = limits.maxHeadBytes;
		this.#requestMethod = options.requestMethod;
		this.#fields = new FieldSection(limits.maxFields);
	}

	/** Reads the next answer of a connection whose last one has ended with nothing behind it. */
	begin(requestMethod: string): void {
		invariant(this.#phase === "over" && this.#refused === undefined && this.#input.size === 0, "the last exchange has ended");
		this.#requestMethod = requestMethod;
		this.#line.begin();
		this.#phase = "status-line";
		this.#interim = 0;
	}

	/** Octets pushed and not yet handed out. */
	get buffered(): number {
		return this.#input.size;
	}

	/** `chunk` is kept, not copied, and must stay as it is until `buffered` is 0 again or `keep` was called. */
	push(chunk: Buffer): void {
		if (this.#refused === undefined) this.#input.push(chunk);
	}

	/** Copies what was pushed and not yet handed out: the rest of a head or of a chunk's framing, seldom anything. */
	keep(): void {
		this.#input.keep();
	}

	next(): ResponsePart | undefined {
		return this.#refused ?? this.#settle(this.#next());
	}

	/** What the end of the connection means. To be called when `next` said undefined or end. */
	eof(): EndPart | Refused {
		if (this.#refused !== undefined) return this.#refused;
		if (this.#phase === "over") return END;
		const inBody = this.#phase === "body";
		if (inBody && this.#body.endsWithConnection) {
			invariant(this.#input.size === 0, "eof is called after the last next");
			this.#phase = "over";
			return END;
		}
		const refused = refuse("truncated", inBody ? "truncated body" : "truncated head");
		this.#settle(refused);
		return refused;
	}

	#settle(part: ResponsePart | undefined): ResponsePart | undefined {
		if (part?.kind === "refused") {
			this.#refused = part;
			this.#input.clear();
		}
		return part;
	}

	#next(): ResponsePart | undefined {
		if (this.#phase === "body") {
			const part = this.#body.next(this.#input);
			if (part?.kind === "end") this.#phase = "over";
			return part;
		}
		while (this.#input.size > 0) {
			if (this.#phase === "over") return refuse("malformed", "octets after the response");
			const part = this.#head();
			if (part !== "interim") return part;
		}
		return undefined;
	}

	#head(): ResponsePart | "interim" | undefined {
		const { bytes, start, size } = this.#input;
		const outcome = this.#scan(bytes, start, start + Math.min(size, this.#maxHeadBytes));
		if (outcome === "more") return size < this.#maxHeadBytes ? undefined : refuse("head-too-large", "head that is too large");
		if (outcome !== "done") return outcome;

		const text = bytes.toString("latin1", start, start + this.#fields.at);
		this.#input.consume(this.#fields.at);
		const head = responseHead(this.#line, this.#fields, text, this.#requestMethod);
		if (head.kind === "refused") return head;
		if (head.head.status < 200) return this.#skip(head.head.status);
		this.#body.begin(head.head.framing);
		this.#phase = "body";
		return head;
	}

	#skip(status: number): Refused | "interim" {
		if (status === 101) return refuse("malformed", "101 that nobody asked for");
		this.#interim += 1;
		if (this.#interim > MAX_INTERIM) return refuse("malformed", "too many interim responses");
		this.#line.begin();
		this.#phase = "status-line";
		return "interim";
	}

	#scan(bytes: Buffer, start: number, end: number): Scan {
		if (this.#phase === "status-line") {
			const outcome = this.#line.scan(bytes, start, end);
			if (outcome !== "done") return outcome;
			this.#fields.begin(this.#line.at);
			this.#phase = "fields";
		}
		return this.#fields.scan(bytes, start, end);
	}
}

function responseHead(line: StatusLine, section: FieldSection, text: string, requestMethod: string): HeadPart | Refused {
	const { status, minor } = line;
	const fields = section.fields(text);
	const found = framingFields(fields, minor);
	if (found.kind === "refused") return found;
	const { chunked, contentLength } = found;
	const bodiless = status < 200 || status === 204;
	// RFC 9112 §6.1, RFC 9110 §8.6: a sender that frames a body which cannot be there means something else than we do.
	if (bodiless && (chunked || (contentLength ?? 0) > 0)) return refuse("malformed", "framing of a body in a response that has none");

	let framing: Framing = { kind: "close" };
	if (bodiless || status === 304 || requestMethod === "HEAD") framing = { kind: "none" };
	else if (chunked) framing = { kind: "chunked" };
	else if (contentLength !== null) framing = { kind: "length", bytes: contentLength };
	return { kind: "head", head: { status, fields, framing, keepAlive: found.keepAlive && framing.kind !== "close" } };
}

interface HeadPart {
	readonly kind: "head";
	readonly head: ResponseHead;
}
