/**
 * The body of the request that is being handled, on its way from the reader to whoever asked for it: whole, or piece by piece.
 *
 *  - Nothing is taken before somebody asks, and it is asked for once.
 *  - What is read whole is bounded by the limit that was asked with and by the budget of all bodies; what streams, by the sink's own pace.
 *  - It must keep coming: each window of `bodyTimeoutMs` after the first has to bring the minimum rate.
 */
import { invariant } from "../std/invariant.ts";
import { BodyCollector } from "./body-collector.ts";
import type { ByteBudget } from "./byte-budget.ts";
import type { BodyRead, BodySink } from "./caller.ts";
import type { TransportLimits } from "./transport-limits.ts";

export type BodyRefusal = Exclude<BodyRead, { readonly body: Buffer }>;

export class IncomingBody {
	readonly #collected: BodyCollector;
	readonly #limits: TransportLimits;
	#state: "unread" | "collecting" | "streaming" | "done" = "done";
	#limit = 0;
	#bytes = 0;
	#sink: BodySink | null = null;
	#result: BodyRead | null = null;
	#deliver: ((read: BodyRead) => void) | null = null;
	#windowBytes = 0;
	/** The sink asked for no more until it says so. */
	paused = false;

	constructor(budget: ByteBudget, limits: TransportLimits) {
		this.#collected = new BodyCollector(budget);
		this.#limits = limits;
	}

	/** Bytes taken so far. */
	get bytes(): number {
		return this.#bytes;
	}

	get unread(): boolean {
		return this.#state === "unread";
	}

	get done(): boolean {
		return this.#state === "done";
	}

	/** Whether somebody asked for it and has not had it all. */
	get awaited(): boolean {
		return this.#state === "collecting" || this.#state === "streaming";
	}

	/** Whether the next piece is wanted now. */
	get wanted(): boolean {
		return this.awaited && !this.paused;
	}

	/** A head came; its body, perhaps of no byte, follows. */
	begin(): void {
		this.#state = "unread";
		this.#bytes = 0;
		this.#windowBytes = 0;
		this.#result = null;
		this.paused = false;
	}

	collect(limit: number): void {
		invariant(this.unread, "a body is read once");
		this.#state = "collecting";
		this.#limit = limit;
	}

	stream(sink: BodySink, limit: number): void {
		invariant(this.unread, "a body is read once");
		this.#state = "streaming";
		this.#limit = limit;
		this.#sink = sink;
	}

	/** What `collect` came to: at once where it is there already. */
	read(): BodyRead | Promise<BodyRead> {
		return this.#result ?? new Promise((resolve) => (this.#deliver = resolve));
	}

	/** Null where the piece was taken. */
	take(bytes: Buffer): BodyRefusal | null {
		this.#bytes += bytes.length;
		if (this.#bytes > this.#limit) return { refused: "body-too-large", detail: `more than ${this.#limit} bytes` };
		if (this.#sink !== null) {
			if (!this.#sink.onBytes(bytes)) this.paused = true;
			return null;
		}
		return this.#collected.add(bytes) ? null : { refused: "memory-pressure", detail: "the budget for buffered bodies is used up" };
	}

	end(): void {
		const sink = this.#sink;
		this.#state = "done";
		if (sink === null) this.#settle({ body: this.#collected.take() });
		else sink.onEnd();
	}

	/** Tells whoever awaits it that there will be no more. */
	refuse(refusal: BodyRefusal): void {
		const sink = this.#sink;
		this.#state = "done";
		if (sink === null) this.#settle(refusal);
		else sink.onRefused(refusal.refused, refusal.detail);
	}

	/** Nobody will read what is left of it. */
	skip(): void {
		this.#state = "done";
	}

	/** The sink wants more again; its pause does not count against the caller. */
	resume(): void {
		this.paused = false;
		this.#windowBytes = this.#bytes;
	}

	/** To be asked when a window is over: null begins the next one. */
	tooSlow(): BodyRefusal | null {
		const { bodyTimeoutMs, bodyMinimumBytesPerSecond } = this.#limits;
		const arrived = this.#bytes - this.#windowBytes;
		this.#windowBytes = this.#bytes;
		if (arrived >= (bodyMinimumBytesPerSecond * bodyTimeoutMs) / 1000) return null;
		return { refused: "body-timeout", detail: `${arrived} bytes within ${bodyTimeoutMs} ms` };
	}

	/** Gives back the memory; the request is over. */
	release(): void {
		this.#collected.release();
		this.#sink = null;
		this.#deliver = null;
	}

	#settle(read: BodyRead): void {
		const deliver = this.#deliver;
		this.#deliver = null;
		if (deliver === null) this.#result = read;
		else deliver(read);
	}
}
