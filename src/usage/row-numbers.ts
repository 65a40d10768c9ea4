/**
 * The sums of many rows in few large arrays: as objects, a hundred thousand rows would be copied and marked by every collection until they are written.
 */
import type { UsageRow, UsageSums } from "../ports/usage-ledger.ts";
import { invariant } from "../std/invariant.ts";

type Numbers = Pick<UsageRow, keyof UsageSums | "firstSeq" | "lastSeq">;

const WIDTH = 14;
const ROWS_A_PAGE = 1_024;

export class RowNumbers {
	readonly #pages: Float64Array[] = [];
	#size = 0;

	/** Rows so far. */
	get size(): number {
		return this.#size;
	}

	/** A row that begins with this record; returns its number. */
	begin(seq: number): number {
		const row = this.#size;
		if (row % ROWS_A_PAGE === 0) this.#pages.push(new Float64Array(ROWS_A_PAGE * WIDTH));
		this.#size += 1;
		const [page, at] = this.#cellsOf(row);
		page[at + 12] = seq;
		return row;
	}

	add(row: number, more: UsageSums, seq: number): void {
		const [page, at] = this.#cellsOf(row);
		page[at] = (page[at] ?? 0) + more.requests;
		page[at + 1] = (page[at + 1] ?? 0) + more.refused;
		page[at + 2] = (page[at + 2] ?? 0) + more.faults;
		page[at + 3] = (page[at + 3] ?? 0) + more.aborted;
		page[at + 4] = (page[at + 4] ?? 0) + more.inputTokens;
		page[at + 5] = (page[at + 5] ?? 0) + more.outputTokens;
		page[at + 6] = (page[at + 6] ?? 0) + more.gpuUs;
		page[at + 7] = (page[at + 7] ?? 0) + more.wallUs;
		page[at + 8] = (page[at + 8] ?? 0) + more.bytesIn;
		page[at + 9] = (page[at + 9] ?? 0) + more.bytesOut;
		page[at + 10] = (page[at + 10] ?? 0) + more.estimated;
		page[at + 11] = (page[at + 11] ?? 0) + more.untimed;
		page[at + 13] = seq;
	}

	at(row: number): Numbers {
		const [page, at] = this.#cellsOf(row);
		const cell = (each: number): number => page[at + each] ?? 0;
		return {
			requests: cell(0),
			refused: cell(1),
			faults: cell(2),
			aborted: cell(3),
			inputTokens: cell(4),
			outputTokens: cell(5),
			gpuUs: cell(6),
			wallUs: cell(7),
			bytesIn: cell(8),
			bytesOut: cell(9),
			estimated: cell(10),
			untimed: cell(11),
			firstSeq: cell(12),
			lastSeq: cell(13),
		};
	}

	#cellsOf(row: number): readonly [page: Float64Array, at: number] {
		const page = this.#pages[Math.floor(row / ROWS_A_PAGE)];
		invariant(page !== undefined, "a row has its page");
		return [page, (row % ROWS_A_PAGE) * WIDTH];
	}
}
