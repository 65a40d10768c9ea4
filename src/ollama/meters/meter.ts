/**
 * A meter reads an answer as it passes and says at its end what was used.
 *
 *  - It never delays what the caller must see: chunks pass as they are. Only where a usage chunk was asked for by us and not by the caller, that
 *    chunk is taken out, and what has come of an event is held until the event is whole, since no part of it may slip through.
 *  - Ordinary tokens are told from closing records by a few bytes at their end; only closing records are parsed.
 *  - Memory is bounded: a line or event above a cap is passed and not read, and tokens are then estimated.
 *  - Where a bound is given, it is asked with each token that passes; once it says no, nothing more passes, and `cut` ends the answer as the model would
 *    have ended it at its own bound. Without one nothing is counted for it.
 *  - Without a closing record (the caller left, the upstream died) tokens are counted from the frames that passed, and `estimated` says so.
 */
import type { Usage } from "../../model/usage.ts";

export interface Meter {
	/**
	 * Returns what to relay: `bytes` itself where nothing is withheld, an empty buffer where all of it is. May return views into `bytes`, which
	 * is not kept: whoever calls writes them before `bytes` is reused.
	 */
	push(bytes: Buffer): Buffer;
	/** The bound has said no: what comes now is not relayed, and `cut` is to be called in the place of `end`. */
	readonly bounded: boolean;
	/** Whether `cut` may end the answer here: something of it has passed, and the last of that was a whole frame. Only where a bound is kept. */
	readonly cuttable: boolean;
	/** `complete`: the upstream's answer ended as it should. To be called once. */
	end(complete: boolean): MeterEnd;
	/** Ends an answer that came to its bound: `relay` are its last records, with `length` as the dialect has it. */
	cut(note: CutNote): MeterEnd;
}

export interface OutputBound {
	/** So many tokens have passed in all, and at most `hidden` more; false ends the answer. */
	passed(outputTokens: number, hidden: number): boolean;
}

/** What the last records say besides, under `rempart`: clients that do not know the name pass over it, where an error would make them throw. */
export interface CutNote {
	readonly reason: string;
	/** Name of the budget that had no more. */
	readonly budget: string | null;
	readonly message: string;
	readonly request_id: string;
	/** Since the request was sent to the upstream. */
	readonly elapsedMs: number;
}

export interface MeterEnd {
	/** Held back until now; to be written before the end, or before an error frame. */
	readonly relay: Buffer;
	/** Null where the operation uses nothing, or failed before it did. */
	readonly usage: Usage | null;
	/** The error that the stream itself carried, in a 200 (recorded: a failed pull does), cut short. */
	readonly failed: string | null;
	/** Whether all that was relayed ends with a whole frame, so that another can follow. */
	readonly boundary: boolean;
}
