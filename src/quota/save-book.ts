/**
 * What the next save will say, and which records of which saves are still needed.
 *
 *  - A save writes those who changed behind what is there; so it costs what changed, and not what a table of all callers does to whom a few are changed here
 *    and there.
 *  - Whoever changes is written at once into the page of the next save, which is then taken as it stands.
 *  - When twice as much is kept as one record of everybody would take, each save renews some of the others too, until the saves before are needed no more.
 *    So what is kept, and what a start has to read, is some times as much as there is to say, however long the server runs.
 */
import type { BudgetScope } from "../model/budget-spec.ts";
import type { SubjectRecords } from "../ports/budget-store.ts";
import type { SubjectCounters } from "./subject-counters.ts";
import { RecordWriter } from "./subject-records.ts";

/** Half a megabyte: less is not worth renewing. */
const NUMBERS_LEAST = 65_536;
/** Looked at, besides as many as changed. */
const RENEWED_LEAST = 4_096;

interface Renewal {
	/** Whoever was saved before this save is saved again. */
	readonly from: number;
	readonly everybody: Iterator<SubjectCounters>;
}

export interface Page {
	readonly save: number;
	readonly keepFrom: number;
	readonly records: readonly SubjectRecords[];
}

export class SaveBook {
	readonly #everybody: () => Iterable<SubjectCounters>;
	/** The number of the save that comes next. */
	#save: number;
	#page = new RecordWriter();
	#hasChanges = false;
	/** Nothing that is kept can be built upon. */
	#anew = true;
	#renewal: Renewal | null = null;
	/** Numbers of each save that is kept, oldest first. */
	#kept: (readonly [save: number, numbers: number])[] = [];
	/** Numbers of one record of everybody, when that was known last. */
	#whole = 0;

	/** `save`: the last one of a former run, or 0. */
	constructor(everybody: () => Iterable<SubjectCounters>, save: number) {
		this.#everybody = everybody;
		this.#save = save + 1;
	}

	get hasChanges(): boolean {
		return this.#hasChanges;
	}

	/** To be told when it has changed: its record is how it is now. */
	changed(subject: SubjectCounters): void {
		this.#hasChanges = true;
		this.#write(subject);
	}

	forgotten(scope: BudgetScope, subject: string): void {
		this.#hasChanges = true;
		this.#page.addForgotten(scope, subject);
	}

	/** The next save is of everybody: budgets have other places, or the last save did not reach the disk. What is on its page means nothing any more. */
	beginAnew(): void {
		this.#anew = true;
		this.#save += 1;
		this.#page = new RecordWriter();
	}

	next(): Page {
		const save = this.#save;
		const keepFrom = this.#anew ? this.#writeAll() : this.#renew(Math.max(RENEWED_LEAST, this.#page.subjects));
		const page = this.#page;
		this.#kept = this.#kept.filter(([each]) => each >= keepFrom);
		this.#kept.push([save, page.written]);
		this.#save += 1;
		this.#page = new RecordWriter();
		this.#hasChanges = false;
		return { save, keepFrom, records: page.records() };
	}

	#writeAll(): number {
		for (const subject of this.#everybody()) this.#write(subject);
		this.#anew = false;
		this.#renewal = null;
		this.#whole = this.#page.written;
		return this.#save;
	}

	#renew(most: number): number {
		const oldest = this.#kept[0]?.[0] ?? this.#save;
		const numbers = this.#kept.reduce((sum, [, each]) => sum + each, 0);
		if (this.#renewal === null && numbers > 2 * this.#whole + NUMBERS_LEAST)
			this.#renewal = { from: this.#save, everybody: this.#everybody()[Symbol.iterator]() };
		if (this.#renewal === null) return oldest;
		const { from, everybody } = this.#renewal;
		for (let looked = 0; looked < most; looked++) {
			const { done, value } = everybody.next();
			if (done === true) {
				this.#renewal = null;
				this.#whole = this.#kept.reduce((sum, [save, each]) => (save < from ? sum : sum + each), this.#page.written);
				return from;
			}
			if (value.savedIn >= 0 && value.savedIn < from) this.#write(value);
		}
		return oldest;
	}

	#write(subject: SubjectCounters): void {
		subject.recordedAt = this.#page.write(subject, subject.savedIn === this.#save ? subject.recordedAt : -1);
		subject.savedIn = this.#save;
	}
}
