/** Writes how far subjects have used their budgets into few large pieces, and reads them back. */
import { BUDGET_SCOPES, type BudgetScope } from "../model/budget-spec.ts";
import type { SubjectRecords } from "../ports/budget-store.ts";

/** Half a megabyte: a store writes such a piece in a millisecond or two. */
const NUMBERS_AT_ONCE = 65_536;
/** Of a record, before its state: scope, length of the name, length of the state. */
const HEAD = 3;

export interface Recorded {
	readonly scope: BudgetScope;
	readonly subject: string;
	/** Adds its state behind `numbers`; see `SubjectRecords`. */
	state(numbers: number[]): void;
}

export class RecordWriter {
	readonly #done: SubjectRecords[] = [];
	#names: string[] = [];
	#numbers: number[] = [];
	#written = 0;

	/** Numbers so far. */
	get written(): number {
		return this.#written + this.#numbers.length;
	}

	add(each: Recorded): void {
		const start = this.#begin(each.scope, each.subject);
		each.state(this.#numbers);
		this.#numbers[start + HEAD - 1] = this.#numbers.length - start - HEAD;
		if (this.#numbers.length >= NUMBERS_AT_ONCE) this.#close();
	}

	/** Nothing of it counts any more. */
	addForgotten(scope: BudgetScope, subject: string): void {
		this.#begin(scope, subject);
	}

	records(): readonly SubjectRecords[] {
		if (this.#numbers.length > 0) this.#close();
		return this.#done;
	}

	#begin(scope: BudgetScope, subject: string): number {
		this.#names.push(subject);
		return this.#numbers.push(BUDGET_SCOPES.indexOf(scope), subject.length, 0) - HEAD;
	}

	#close(): void {
		this.#done.push({ names: this.#names.join(""), numbers: Float64Array.from(this.#numbers) });
		this.#written += this.#numbers.length;
		this.#names = [];
		this.#numbers = [];
	}
}

export interface SubjectRecord {
	readonly scope: BudgetScope;
	readonly subject: string;
	/** For each budget its place among the definitions, and its state. */
	readonly states: readonly (readonly [place: number, state: readonly number[]])[];
}

interface Found {
	readonly scope: BudgetScope;
	readonly subject: string;
	readonly numbers: Float64Array;
	readonly start: number;
	readonly end: number;
}

/** The last record of each subject. Throws where this is not what was written. */
export function* latestRecords(records: readonly SubjectRecords[]): Generator<SubjectRecord> {
	const latest = new Map<string, Found>();
	for (const { names, numbers } of records) {
		let name = 0;
		for (let at = 0; at < numbers.length; ) {
			const scope = BUDGET_SCOPES[numbers[at] ?? -1];
			const length = countAt(numbers, at + 1);
			const end = at + HEAD + countAt(numbers, at + 2);
			if (scope === undefined || end > numbers.length || name + length > names.length) throw damaged();
			const subject = names.slice(name, name + length);
			latest.set(`${scope} ${subject}`, { scope, subject, numbers, start: at + HEAD, end });
			name += length;
			at = end;
		}
		if (name !== names.length) throw damaged();
	}
	for (const found of latest.values()) yield { scope: found.scope, subject: found.subject, states: statesIn(found) };
}

/** Lists, not views of the numbers: a view costs as much to make as all the rest of a record. */
function statesIn({ numbers, start, end }: Found): SubjectRecord["states"] {
	const states: (readonly [number, readonly number[]])[] = [];
	for (let at = start; at < end; ) {
		const after = at + 2 + countAt(numbers, at + 1);
		if (after > end) throw damaged();
		const state: number[] = [];
		for (let each = at + 2; each < after; each++) state.push(numbers[each] ?? 0);
		states.push([countAt(numbers, at), state]);
		at = after;
	}
	return states;
}

function countAt(numbers: Float64Array, at: number): number {
	const count = numbers[at];
	if (count === undefined || !Number.isSafeInteger(count) || count < 0) throw damaged();
	return count;
}

function damaged(): Error {
	return new Error("what was kept of budgets is damaged");
}
