/**
 * A meter reads an answer as it passes and says at its end what was used.
 *
 *  - It never delays what the caller must see: chunks pass as they are. Only where a usage chunk was asked for by us and not by the caller, that
 *    chunk is taken out, and what has come of an event is held until the event is whole, since no part of it may slip through.
 *  - Ordinary tokens are told from closing records by a few bytes at their end; only closing records are parsed.
 *  - Memory is bounded: a line or event above a cap is passed and not read, and tokens are then estimated.
 *  - Without a closing record (the caller left, the upstream died) tokens are counted from the frames that passed, and `estimated` says so.
 */
import type { Usage } from "../../model/usage.ts";

export interface Meter {
	/**
	 * Returns what to relay: `bytes` itself where nothing is withheld, an empty buffer where all of it is. May return views into `bytes`, which
	 * is not kept: whoever calls writes them before `bytes` is reused.
	 */
	push(bytes: Buffer): Buffer;
	/** `complete`: the upstream's answer ended as it should. To be called once. */
	end(complete: boolean): MeterEnd;
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
