/** Writes how far subjects have used their budgets into few large pieces, and reads them back. */
import { BUDGET_SCOPES, type BudgetScope } from "../model/budget-spec.ts";
import type { SubjectRecords } from "../ports/budget-store.ts";

/** Half a megabyte: a store writes such a piece in a millisecond or two. */
const NUMBERS_AT_ONCE = 65_536;

/** Whose numbers stand in the same order, and so in the same pieces. */
export interface RecordedLayout {
	readonly scope: BudgetScope;
	readonly budgets: readonly { readonly place: number }[];
}

export interface Recorded {
	readonly subject: string;
	readonly layout: RecordedLayout;
	/** Adds its numbers behind `numbers`, without the length of its name; see `SubjectRecords`. */
	record(numbers: number[]): void;
}

/** One that is being written. */
class Piece {
	readonly #head: readonly number[];
	#names: string[] = [];
	#numbers: number[] = [];

	constructor(scope: BudgetScope, places: readonly number[]) {
		this.#head = [BUDGET_SCOPES.indexOf(scope), places.length, ...places];
	}

	/** Where the numbers of the subject with this name go. */
	begin(subject: string): number[] {
		if (this.#names.length === 0) this.#numbers.push(...this.#head);
		this.#names.push(subject);
		this.#numbers.push(subject.length);
		return this.#numbers;
	}

	get length(): number {
		return this.#numbers.length;
	}

	records(): SubjectRecords {
		return { names: this.#names.join(""), numbers: Float64Array.from(this.#numbers) };
	}

	/** What comes goes into another one. */
	take(): SubjectRecords {
		const taken = this.records();
		this.#names = [];
		this.#numbers = [];
		return taken;
	}
}

export class RecordWriter {
	readonly #forgotten = new Map<BudgetScope, Piece>();
	readonly #pieces = new Map<RecordedLayout, Piece>();
	readonly #done: SubjectRecords[] = [];
	#last: { readonly layout: RecordedLayout; readonly piece: Piece } | null = null;
	#written = 0;

	/** Numbers so far. */
	get written(): number {
		return this.#written;
	}

	add(each: Recorded): void {
		const piece = this.#pieceOf(each.layout);
		const before = piece.length;
		each.record(piece.begin(each.subject));
		this.#written += piece.length - before;
		if (piece.length >= NUMBERS_AT_ONCE) this.#done.push(piece.take());
	}

	/** Nothing of it counts any more, unless it is added besides. */
	addForgotten(scope: BudgetScope, subject: string): void {
		let piece = this.#forgotten.get(scope);
		if (piece === undefined) {
			piece = new Piece(scope, []);
			this.#forgotten.set(scope, piece);
		}
		const before = piece.length;
		piece.begin(subject).push(0, 0);
		this.#written += piece.length - before;
	}

	/** Whoever was forgotten comes first, since what is said last of a subject counts. */
	records(): readonly SubjectRecords[] {
		const forgotten = Array.from(this.#forgotten.values(), (piece) => piece.records());
		const open = [...this.#pieces.values()].filter(({ length }) => length > 0);
		return [...forgotten, ...this.#done, ...open.map((piece) => piece.records())];
	}

	#pieceOf(layout: RecordedLayout): Piece {
		if (this.#last?.layout === layout) return this.#last.piece;
		let piece = this.#pieces.get(layout);
		if (piece === undefined) {
			piece = new Piece(
				layout.scope,
				layout.budgets.map(({ place }) => place),
			);
			this.#pieces.set(layout, piece);
		}
		this.#last = { layout, piece };
		return piece;
	}
}

export interface SubjectRecord {
	readonly scope: BudgetScope;
	readonly subject: string;
	/** When this was true: the ledger's time, Unix ms. */
	readonly seen: number;
	readonly counts: readonly RecordedCount[];
}

/** Of a budget of which something was used. */
export interface RecordedCount {
	/** Of the budget, among the definitions. */
	readonly place: number;
	readonly used: number;
	/** Of a rolling window; see `SubjectRecords`. */
	readonly older: readonly number[];
}

interface Found {
	readonly scope: BudgetScope;
	readonly subject: string;
	readonly numbers: Float64Array;
	/** Of the record the first number behind the length of the name. */
	readonly start: number;
}

/** The last record of each subject. Throws where this is not what was written. */
export function* latestRecords(records: readonly SubjectRecords[]): Generator<SubjectRecord> {
	const latest = new Map<string, Found>();
	for (const { names, numbers } of records) {
		const scope = BUDGET_SCOPES[numbers[0] ?? -1];
		const budgets = countAt(numbers, 1);
		if (scope === undefined || 2 + budgets > numbers.length) throw damaged();
		let name = 0;
		for (let at = 2 + budgets; at < numbers.length; ) {
			const length = countAt(numbers, at);
			const start = at + 1;
			const older = start + 1 + budgets;
			at = older + 1 + countAt(numbers, older);
			if (at > numbers.length || name + length > names.length) throw damaged();
			const subject = names.slice(name, name + length);
			latest.set(`${scope} ${subject}`, { scope, subject, numbers, start });
			name += length;
		}
		if (name !== names.length) throw damaged();
	}
	for (const { scope, subject, numbers, start } of latest.values())
		yield { scope, subject, seen: numbers[start] ?? 0, counts: countsIn(numbers, start) };
}

function countsIn(numbers: Float64Array, start: number): readonly RecordedCount[] {
	const budgets = countAt(numbers, 1);
	const older = olderIn(numbers, start + 1 + budgets);
	const counts: RecordedCount[] = [];
	for (let at = 0; at < budgets; at++) {
		const used = numbers[start + 1 + at] ?? 0;
		if (used !== 0) counts.push({ place: countAt(numbers, 2 + at), used, older: older.get(at) ?? [] });
	}
	return counts;
}

/** By the budget's number in the piece. */
function olderIn(numbers: Float64Array, start: number): ReadonlyMap<number, readonly number[]> {
	const older = new Map<number, readonly number[]>();
	const end = start + 1 + countAt(numbers, start);
	for (let at = start + 1; at < end; ) {
		const after = at + 2 + countAt(numbers, at + 1);
		if (after > end) throw damaged();
		older.set(countAt(numbers, at), Array.from(numbers.subarray(at + 2, after)));
		at = after;
	}
	return older;
}

function countAt(numbers: Float64Array, at: number): number {
	const count = numbers[at];
	if (count === undefined || !Number.isSafeInteger(count) || count < 0) throw damaged();
	return count;
}

function damaged(): Error {
	return new Error("what was kept of budgets is damaged");
}
