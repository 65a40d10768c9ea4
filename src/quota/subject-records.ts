/** Writes how far subjects have used their budgets into few large pieces, and reads them back. */
import { BUDGET_SCOPES, type BudgetScope } from "../model/budget-spec.ts";
import type { SubjectRecords } from "../ports/budget-store.ts";

/** Half a megabyte: a store writes such a piece in a millisecond or two. Also what tells one piece's places from the next one's. */
const PIECE_NUMBERS = 65_536;
/** Most saves are of a few subjects; each further piece of the same layout is twice as large. */
const PIECE_LEAST = 1_024;
/** Of a record that has no budgets: the length of its name, when that was true, and how many numbers follow. */
const BESIDE_BUDGETS = 3;

/** Whose numbers stand in the same order, and so in the same pieces. */
export interface RecordedLayout {
	readonly scope: BudgetScope;
	readonly budgets: readonly { readonly place: number }[];
}

export interface Recorded {
	readonly subject: string;
	readonly layout: RecordedLayout;
	/** Writes when it was looked at last, and what was used of each budget, from `at` on. */
	recordTo(numbers: Float64Array, at: number): void;
	/** Whether what a record has of rolling windows is something else than when it was last asked for. */
	readonly hasNewOlder: boolean;
	/** That: see `SubjectRecords`. */
	recordedOlder(): readonly number[];
}

/** One that is being written. */
class Piece {
	/** Among the pieces of its save. */
	readonly number: number;
	readonly layout: RecordedLayout;
	readonly room: number;
	readonly #numbers: Float64Array<ArrayBuffer>;
	#length: number;
	#names: string[] = [];
	#text = "";

	/** With room for one record of `length` numbers at least. */
	constructor(number: number, layout: RecordedLayout, room: number, length: number) {
		const head = headOf(layout.scope, layout.budgets);
		this.number = number;
		this.layout = layout;
		this.room = Math.max(room, head.length + length);
		this.#numbers = new Float64Array(this.room);
		this.#numbers.set(head);
		this.#length = head.length;
	}

	/** Where a record of so many numbers goes; below 0 where it does not fit any more. */
	begin(subject: string, length: number): number {
		const at = this.#length;
		if (at + length > this.room) return -1;
		this.#length = at + length;
		this.#numbers[at] = subject.length;
		this.#names.push(subject);
		return at;
	}

	put(at: number, each: Recorded): void {
		each.recordTo(this.#numbers, at + 1);
	}

	/** With as many numbers as were said at its beginning. */
	putOlder(at: number, older: readonly number[]): void {
		const start = this.#olderAt(at);
		this.#numbers[start] = older.length;
		this.#numbers.set(older, start + 1);
	}

	/** How many numbers of rolling windows the record there has. */
	olderCount(at: number): number {
		return this.#numbers[this.#olderAt(at)] ?? 0;
	}

	/** Nobody comes any more. Done with each, and not with all when they are saved: a hundred thousand names take a while. */
	close(): void {
		this.#text += this.#names.join("");
		this.#names = [];
	}

	records(): SubjectRecords {
		this.close();
		return { names: this.#text, numbers: this.#length === this.room ? this.#numbers : this.#numbers.slice(0, this.#length) };
	}

	#olderAt(at: number): number {
		return at + BESIDE_BUDGETS - 1 + this.layout.budgets.length;
	}
}

/** Holds the records of one save while they come. A record that was written can be written over: whoever calls a thousand times has one. */
export class RecordWriter {
	readonly #forgotten = new Map<BudgetScope, string[]>();
	readonly #pieces: Piece[] = [];
	/** To which the next one comes. */
	readonly #open = new Map<RecordedLayout, Piece>();
	#numbers = 0;
	#subjects = 0;

	/** Numbers so far. */
	get written(): number {
		return this.#numbers;
	}

	/** Records so far. */
	get subjects(): number {
		return this.#subjects;
	}

	/**
	 * Its record says how it is now. `place`: where its record is, -1 where it has none yet. Returns where it is from now on. Asked with every request, when
	 * what is copied was just counted: to copy it when it is saved would visit it in memory a second time.
	 */
	write(each: Recorded, place: number): number {
		const before = place < 0 ? undefined : this.#pieces[Math.floor(place / PIECE_NUMBERS)];
		const at = place % PIECE_NUMBERS;
		const isSame = before?.layout === each.layout;
		if (isSame && !each.hasNewOlder) {
			before.put(at, each);
			return place;
		}
		const older = each.recordedOlder();
		if (isSame && before.olderCount(at) === older.length) {
			before.put(at, each);
			before.putOlder(at, older);
			return place;
		}
		const open = this.#open.get(each.layout);
		// What is said last counts: the new record has to stand behind the one of the former layout.
		if (before !== undefined && open !== undefined && open.number < before.number) this.#close(open);
		return this.#append(each, older);
	}

	/** Nothing of it counts any more, unless it is written besides. */
	addForgotten(scope: BudgetScope, subject: string): void {
		const known = this.#forgotten.get(scope);
		if (known === undefined) this.#forgotten.set(scope, [subject]);
		else known.push(subject);
		this.#numbers += BESIDE_BUDGETS;
	}

	/** Whoever was forgotten comes first, since what is said last of a subject counts. Nothing is to be written afterwards: the arrays are given away. */
	records(): readonly SubjectRecords[] {
		const forgotten = Array.from(this.#forgotten, ([scope, names]) => forgottenRecords(scope, names));
		return [...forgotten, ...this.#pieces.map((piece) => piece.records())];
	}

	#append(each: Recorded, older: readonly number[]): number {
		const { layout, subject } = each;
		const length = BESIDE_BUDGETS + layout.budgets.length + older.length;
		let piece = this.#open.get(layout);
		let at = piece?.begin(subject, length) ?? -1;
		if (piece === undefined || at < 0) {
			const room = piece === undefined ? PIECE_LEAST : Math.min(PIECE_NUMBERS, piece.room * 2);
			if (piece !== undefined) this.#close(piece);
			piece = new Piece(this.#pieces.length, layout, room, length);
			this.#pieces.push(piece);
			this.#open.set(layout, piece);
			at = piece.begin(subject, length);
		}
		piece.put(at, each);
		piece.putOlder(at, older);
		this.#numbers += length;
		this.#subjects += 1;
		return piece.number * PIECE_NUMBERS + at;
	}

	#close(piece: Piece): void {
		piece.close();
		this.#open.delete(piece.layout);
	}
}

function headOf(scope: BudgetScope, budgets: RecordedLayout["budgets"]): readonly number[] {
	return [BUDGET_SCOPES.indexOf(scope), budgets.length, ...budgets.map(({ place }) => place)];
}

function forgottenRecords(scope: BudgetScope, names: readonly string[]): SubjectRecords {
	const numbers = [...headOf(scope, []), ...names.flatMap((name) => [name.length, 0, 0])];
	return { names: names.join(""), numbers: Float64Array.from(numbers) };
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
