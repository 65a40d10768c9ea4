/**
 * Sums up lines of the event log into rows of usage, in memory, between two writes of the table.
 *
 *  - The same lines give the same sums in whatever portions they come: what is counted as it happens equals what is counted again from the log.
 *  - Of a line numbers alone are read. Who it speaks of is a piece of its text, by which its row is found; it is parsed when the rows are taken.
 */
import type { UsageRow } from "../ports/usage-ledger.ts";

import type { Calendar } from "../std/calendar.ts";
import { countedLine, ENDED, groupsIn, SUMMARISED, whoIn, whoText } from "./counted-line.ts";
import { QuickLine } from "./quick-line.ts";
import { RowNumbers } from "./row-numbers.ts";
import { noSums } from "./usage-sums.ts";

/** Sorted at once: some milliseconds. */
const ROWS_SORTED = 8_192;

/** Of one day the number of each row, by whom it speaks of. */
type DayRows = Map<string, number>;

export class UsageTally {
	readonly #calendar: Calendar;
	readonly #after: string;
	readonly #quick = new QuickLine(noSums());
	#days = new Map<string, DayRows>();
	#numbers = new RowNumbers();
	#day = "";
	/** Of that day; null where it is passed over. */
	#rows: DayRows | null = null;

	/** Days up to `after` are passed over; "" for none. */
	constructor(calendar: Calendar, after = "") {
		this.#calendar = calendar;
		this.#after = after;
	}

	/** How many rows there are; two of them may add to one row of the table. */
	get size(): number {
		return this.#numbers.size;
	}

	/** Lines that each end with a line feed. `firstSeq` is the first one's number in the log; numbers rise from call to call. */
	add(lines: string, firstSeq: number): void {
		const quick = this.#quick;
		let seq = firstSeq;
		for (let start = 0, end = lines.indexOf("\n"); end !== -1; start = end + 1, end = lines.indexOf("\n", start)) {
			if (lines.startsWith(ENDED, start)) {
				if (quick.read(lines, start, end)) this.#count(quick.at, quick.who, quick.sums, seq);
				else this.#parse(lines.slice(start, end), seq);
			} else if (lines.startsWith(SUMMARISED, start)) this.#parse(lines.slice(start, end), seq);
			seq += 1;
		}
	}

	/** What was summed up since the last call; rows that lie side by side in the table come, for the most part, one after the other. */
	take(): Iterable<UsageRow> {
		const [days, numbers] = [this.#days, this.#numbers];
		this.#days = new Map();
		this.#numbers = new RowNumbers();
		this.#day = "";
		this.#rows = null;
		return rowsOf(days, numbers);
	}

	#parse(line: string, seq: number): void {
		const counted = countedLine(line);
		if (counted !== null) this.#count(counted.at, whoText(counted.who), counted.sums, seq);
	}

	#count(at: number, who: string, sums: QuickLine["sums"], seq: number): void {
		const day = this.#calendar.dayOf(at);
		if (day !== this.#day) {
			this.#day = day;
			this.#rows = day <= this.#after ? null : this.#rowsOn(day);
		}
		if (this.#rows === null) return;
		let row = this.#rows.get(who);
		if (row === undefined) {
			row = this.#numbers.begin(seq);
			this.#rows.set(who, row);
		}
		this.#numbers.add(row, sums, seq);
	}

	#rowsOn(day: string): DayRows {
		const known = this.#days.get(day);
		if (known !== undefined) return known;
		const rows: DayRows = new Map();
		this.#days.set(day, rows);
		return rows;
	}
}

function* rowsOf(days: ReadonlyMap<string, DayRows>, numbers: RowNumbers): Generator<UsageRow> {
	for (const [period, rows] of days) {
		let run: (readonly [who: string, row: number])[] = [];
		for (const each of rows) {
			if (run.push(each) < ROWS_SORTED) continue;
			yield* runOf(period, run, numbers);
			run = [];
		}
		yield* runOf(period, run, numbers);
	}
}

function* runOf(period: string, run: (readonly [who: string, row: number])[], numbers: RowNumbers): Generator<UsageRow> {
	// They begin with the principal, as the table's key does behind the day.
	run.sort(([one], [other]) => (one < other ? -1 : 1));
	for (const [text, row] of run) {
		const who = whoIn(text);
		yield { period, ...who, groups: groupsIn(who.groups), ...numbers.at(row) };
	}
}
