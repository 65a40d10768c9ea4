/**
 * What the blocks committed since the last count add to the usage, summed up while their text is still in memory.
 *
 *  - Reading a block back costs more than counting it: a page of the database, a decompressor, and text made anew. So counting reads the log only
 *    where this has not seen all of it: after a start, a failure, a block that somebody else wrote, or in another time zone.
 *  - It may be lost at any time. What is on disk stays the truth, and the table says up to where that is counted.
 */
import type { UsageRow } from "../../ports/usage-ledger.ts";
import type { Calendar } from "../../std/calendar.ts";
import { UsageTally } from "../../usage/usage-tally.ts";

/**
 * Rows beyond which the log is read instead: what nobody comes to count must not fill memory, and half a kilobyte a row is some 50 MB. That many callers in
 * the time between two counts are counted without the log.
 */
const ROWS_MOST = 100_000;

export class FreshUsage {
	#tally: UsageTally | null = null;
	#timeZone = "";
	/** The records after `#after` up to `#last` are in the tally. */
	#after = 0;
	#last = 0;

	/** A block is on disk, of so many records up to `lastSeq`. */
	add(lines: string, count: number, lastSeq: number): void {
		if (this.#tally === null) return;
		const firstSeq = lastSeq - count + 1;
		if (firstSeq !== this.#last + 1 || this.#tally.size >= ROWS_MOST) {
			this.forget();
			return;
		}
		this.#tally.add(lines, firstSeq);
		this.#last = lastSeq;
	}

	/** All that the records after `after` up to `last` say, or null where only the log can tell. Begins anew with what follows `last`. */
	take(after: number, last: number, calendar: Calendar): Iterable<UsageRow> | null {
		const isAsked = this.#after === after && this.#last === last && this.#timeZone === calendar.timeZone;
		const tally = isAsked ? this.#tally : null;
		if (tally === null) this.#tally = new UsageTally(calendar);
		this.#timeZone = calendar.timeZone;
		this.#after = last;
		this.#last = last;
		return tally === null ? null : tally.take();
	}

	forget(): void {
		this.#tally = null;
	}
}
