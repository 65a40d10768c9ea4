/**
 * Sums up lines of the event log into rows of usage, in memory, between two writes of the table.
 *
 *  - The same lines give the same rows in whatever portions they come: what is counted as it happens equals what is counted again from the log.
 *  - Who a line speaks of is parsed once for all lines that say it in the same words; of the others, numbers alone are read.
 */
import type { UsageRow } from "../ports/usage-ledger.ts";

import type { Calendar } from "../std/calendar.ts";
import { type CountedWho, countedLine, ENDED, SUMMARISED, whoIn } from "./counted-line.ts";
import { QuickLine } from "./quick-line.ts";
import { addSums, type MutableSums, noSums } from "./usage-sums.ts";

/** Names that callers made up are parts of what is known; each one new. */
const KNOWN_MOST = 16_384;

/** A row while it is added to. */
type Tallied = Omit<UsageRow, keyof MutableSums | "lastSeq"> & MutableSums & { lastSeq: number };

export class UsageTally {
	readonly #calendar: Calendar;
	readonly #after: string;
	readonly #rows = new Map<string, Tallied>();
	/** Of the day that was counted last. */
	readonly #known = new Map<string, Tallied>();
	readonly #quick = new QuickLine(noSums());
	#day = "";

	/** Days up to `after` are passed over; "" for none. */
	constructor(calendar: Calendar, after = "") {
		this.#calendar = calendar;
		this.#after = after;
	}

	/** How many rows there are. */
	get size(): number {
		return this.#rows.size;
	}

	/** Lines that each end with a line feed. `firstSeq` is the first one's number in the log; numbers rise from call to call. */
	add(lines: string, firstSeq: number): void {
		let seq = firstSeq;
		for (let start = 0, end = lines.indexOf("\n"); end !== -1; start = end + 1, end = lines.indexOf("\n", start)) {
			if (lines.startsWith(ENDED, start)) this.#addEnded(lines, start, end, seq);
			else if (lines.startsWith(SUMMARISED, start)) this.#parse(lines.slice(start, end), seq);
			seq += 1;
		}
	}

	#parse(line: string, seq: number): void {
		const counted = countedLine(line);
		if (counted !== null) this.#count(this.#rowOf(this.#calendar.dayOf(counted.at), counted.who, seq), counted.sums, seq);
	}

	#addEnded(lines: string, start: number, end: number, seq: number): void {
		if (!this.#quick.read(lines, start, end)) return this.#parse(lines.slice(start, end), seq);
		const { at, who, sums } = this.#quick;
		const day = this.#calendar.dayOf(at);
		if (day !== this.#day || this.#known.size >= KNOWN_MOST) {
			this.#day = day;
			this.#known.clear();
		}
		let tallied = this.#known.get(who);
		if (tallied === undefined) {
			const counted = whoIn(who);
			if (counted === null) return this.#parse(lines.slice(start, end), seq);
			tallied = this.#rowOf(day, counted, seq);
			if (tallied === undefined) return;
			this.#known.set(who, tallied);
		}
		this.#count(tallied, sums, seq);
	}

	/** What was summed up since the last call. */
	take(): readonly UsageRow[] {
		const rows = [...this.#rows.values()];
		this.#rows.clear();
		this.#known.clear();
		return rows;
	}

	#count(tallied: Tallied | undefined, sums: Readonly<MutableSums>, seq: number): void {
		if (tallied === undefined) return;
		addSums(tallied, sums);
		tallied.lastSeq = seq;
	}

	#rowOf(period: string, { principal, groups, model, class: operationClass, dialect }: CountedWho, seq: number): Tallied | undefined {
		if (period <= this.#after) return undefined;
		// A line feed is in none of them: names in the record are printable.
		const key = `${period}\n${principal}\n${groups}\n${model}\n${operationClass}\n${dialect}`;
		let tallied = this.#rows.get(key);
		if (tallied === undefined) {
			const who = { period, principal, groups: groupsIn(groups), model, class: operationClass, dialect };
			tallied = { ...who, ...noSums(), firstSeq: seq, lastSeq: seq };
			this.#rows.set(key, tallied);
		}
		return tallied;
	}
}

/** As `CountedLine` and the table have them; null for none. */
export function groupsIn(text: string): readonly string[] | null {
	if (text === "") return null;
	const groups: unknown = JSON.parse(text);
	return Array.isArray(groups) ? groups.filter((group) => typeof group === "string") : null;
}
