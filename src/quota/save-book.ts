/**
 * Which records of which saves are still needed.
 *
 *  - A save writes those who changed behind what is there; so it costs what changed, and not what a table of all callers does to whom a few are changed here
 *    and there.
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
	#save: number;
	#changed: SubjectCounters[] = [];
	#forgotten: (readonly [scope: BudgetScope, subject: string])[] = [];
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
		this.#save = save;
	}

	get hasChanges(): boolean {
		return this.#changed.length > 0 || this.#forgotten.length > 0;
	}

	changed(subject: SubjectCounters): void {
		if (subject.dirty) return;
		subject.dirty = true;
		this.#changed.push(subject);
	}

	forgotten(scope: BudgetScope, subject: string): void {
		this.#forgotten.push([scope, subject]);
	}

	/** The next save is of everybody: budgets have other places, or the last save did not reach the disk. */
	beginAnew(): void {
		this.#anew = true;
	}

	next(): Page {
		this.#save += 1;
		const writer = new RecordWriter();
		const keepFrom = this.#anew ? this.#writeAll(writer) : this.#writeChanges(writer);
		for (const subject of this.#changed) subject.dirty = false;
		this.#changed = [];
		this.#forgotten = [];
		this.#kept = this.#kept.filter(([save]) => save >= keepFrom);
		this.#kept.push([this.#save, writer.written]);
		return { save: this.#save, keepFrom, records: writer.records() };
	}

	#writeAll(writer: RecordWriter): number {
		for (const subject of this.#everybody()) this.#write(writer, subject);
		this.#anew = false;
		this.#renewal = null;
		this.#whole = writer.written;
		return this.#save;
	}

	#writeChanges(writer: RecordWriter): number {
		// Whoever was forgotten may have come again.
		for (const [scope, subject] of this.#forgotten) writer.addForgotten(scope, subject);
		for (const subject of this.#changed) if (!subject.gone) this.#write(writer, subject);
		return this.#renew(writer, Math.max(RENEWED_LEAST, this.#changed.length));
	}

	#renew(writer: RecordWriter, most: number): number {
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
				this.#whole = this.#kept.reduce((sum, [save, each]) => (save < from ? sum : sum + each), writer.written);
				return from;
			}
			if (value.savedIn >= 0 && value.savedIn < from) this.#write(writer, value);
		}
		return oldest;
	}

	#write(writer: RecordWriter, subject: SubjectCounters): void {
		writer.add(subject);
		subject.savedIn = this.#save;
	}
}
