/** The file of how far budgets are used: one row a subject, every save one transaction and durable on return. */
import type { DatabaseSync } from "node:sqlite";
import { isDeepStrictEqual } from "node:util";

import { BUDGET_SCOPES } from "../../model/budget-spec.ts";
import type { BudgetChanges, BudgetDefinition, BudgetSnapshot, ChargedFacts, OpenRequest, SubjectState } from "../../ports/budget-store.ts";

import type { Migration } from "./migrations.ts";
import { openDatabase } from "./open-database.ts";
import { integerIn, type Row, RowError, textIn } from "./row.ts";

const BUDGET_MIGRATIONS: readonly Migration[] = [
	{
		version: 1,
		name: "budgets",
		sql: `
			CREATE TABLE saved (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, at INTEGER NOT NULL) STRICT;
			CREATE TABLE definitions (position INTEGER PRIMARY KEY, budget TEXT NOT NULL UNIQUE, definition TEXT NOT NULL) STRICT;
			CREATE TABLE counters (
				budget TEXT NOT NULL, subject TEXT NOT NULL, state TEXT NOT NULL, PRIMARY KEY (budget, subject)
			) STRICT, WITHOUT ROWID;
			CREATE TABLE open (position INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
		`,
	},
	{
		version: 2,
		name: "subjects",
		// A definition begins with its scope; places among the definitions count from 0.
		sql: `
			CREATE TABLE subjects (
				scope TEXT NOT NULL, subject TEXT NOT NULL, state TEXT NOT NULL, PRIMARY KEY (scope, subject)
			) STRICT, WITHOUT ROWID;
			INSERT INTO subjects
				SELECT json_extract(definition, '$[0]') AS scope, subject,
					'[' || group_concat(place || ',' || json_array_length(state) || iif(state = '[]', '', ',' || trim(state, '[]'))) || ']'
				FROM counters
				JOIN (SELECT budget, definition, row_number() OVER (ORDER BY position) - 1 AS place FROM definitions) USING (budget)
				GROUP BY scope, subject;
			DROP TABLE counters;
		`,
	},
];

export class BudgetDatabase {
	readonly #database: DatabaseSync;

	constructor(file: string, now: number) {
		this.#database = openDatabase(file, BUDGET_MIGRATIONS, now);
	}

	/** Throws a RowError where the file holds what was never saved. */
	load(): BudgetSnapshot | null {
		const saved = this.#database.prepare("SELECT seq, at FROM saved").get();
		if (saved === undefined) return null;
		return {
			seq: integerIn(saved, "seq"),
			at: integerIn(saved, "at"),
			definitions: this.#definitions(),
			subjects: this.#subjects(),
			open: this.#database.prepare("SELECT body FROM open ORDER BY position").all().map(openOf),
		};
	}

	save(changes: BudgetChanges): void {
		this.#database.exec("BEGIN IMMEDIATE");
		try {
			this.#write(changes);
			this.#database.exec("COMMIT");
		} catch (cause) {
			if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
			throw cause;
		}
	}

	close(): void {
		this.#database.close();
	}

	/** Other budgets, or the same in another order: what was counted moves to where its budget is now. */
	#redefine(before: readonly BudgetDefinition[], after: readonly BudgetDefinition[]): void {
		const places = before.map(([budget, definition]) => after.findIndex(([name, text]) => name === budget && text === definition));
		// Where budgets were only added, all are where they were.
		if (places.some((place, index) => place !== index)) {
			const subjects = this.#subjects().map((each) => ({ ...each, state: moved(each.state, places) }));
			this.#database.exec("DELETE FROM subjects");
			this.#put(subjects.filter(({ state }) => state.length > 0));
		}
		this.#database.exec("DELETE FROM definitions");
		const define = this.#database.prepare("INSERT INTO definitions (budget, definition) VALUES (?, ?)");
		for (const [budget, definition] of after) define.run(budget, definition);
	}

	#put(subjects: readonly SubjectState[]): void {
		const put = this.#database.prepare("INSERT OR REPLACE INTO subjects (scope, subject, state) VALUES (?, ?, ?)");
		for (const { scope, subject, state } of subjects) put.run(scope, subject, JSON.stringify(state));
	}

	#definitions(): BudgetDefinition[] {
		const rows = this.#database.prepare("SELECT budget, definition FROM definitions ORDER BY position").all();
		return rows.map((row) => [textIn(row, "budget"), textIn(row, "definition")]);
	}

	#subjects(): SubjectState[] {
		return this.#database.prepare("SELECT scope, subject, state FROM subjects ORDER BY scope, subject").all().map(subjectOf);
	}

	#write({ seq, at, definitions, subjects, forgotten, open }: BudgetChanges): void {
		const database = this.#database;
		const before = this.#definitions();
		if (!isDeepStrictEqual(before, definitions)) this.#redefine(before, definitions);
		const forget = database.prepare("DELETE FROM subjects WHERE scope = ? AND subject = ?");
		for (const [scope, subject] of forgotten) forget.run(scope, subject);
		this.#put(subjects.toSorted(inOrder));
		database.exec("DELETE FROM open");
		const begin = database.prepare("INSERT INTO open (body) VALUES (?)");
		for (const request of open) begin.run(JSON.stringify(request));
		database.prepare("INSERT OR REPLACE INTO saved (one, seq, at) VALUES (1, ?, ?)").run(seq, Math.ceil(at));
	}
}

/** As the table has it, so that each page of it is looked for and written once. */
function inOrder(one: SubjectState, other: SubjectState): number {
	if (one.scope !== other.scope) return one.scope < other.scope ? -1 : 1;
	return one.subject < other.subject ? -1 : 1;
}

function subjectOf(row: Row): SubjectState {
	const [scope, state] = [textIn(row, "scope"), parsed(textIn(row, "state"))];
	const known = BUDGET_SCOPES.find((each) => each === scope);
	if (known === undefined) throw new RowError("column scope is not a scope");
	if (!isState(state)) throw new RowError("column state is not what was counted");
	return { scope: known, subject: textIn(row, "subject"), state };
}

function parsed(text: string): unknown {
	return JSON.parse(text);
}

function isState(value: unknown): value is readonly number[] {
	if (!Array.isArray(value) || !value.every((each) => typeof each === "number")) return false;
	let at = 0;
	while (at < value.length) {
		const count: unknown = value[at + 1];
		if (typeof count !== "number" || !Number.isSafeInteger(count) || count < 0) return false;
		at += 2 + count;
	}
	return at === value.length;
}

/** The same with other places; what has none any more is left out. */
function moved(state: readonly number[], places: readonly number[]): readonly number[] {
	const kept: number[] = [];
	let at = 0;
	while (at < state.length) {
		const end = at + 2 + (state[at + 1] ?? 0);
		const place = places[state[at] ?? -1] ?? -1;
		if (place >= 0) kept.push(place, ...state.slice(at + 1, end));
		at = end;
	}
	return kept;
}

function openOf(row: Row): OpenRequest {
	const open: unknown = JSON.parse(textIn(row, "body"));
	if (!isOpen(open)) throw new RowError("column body is not an open request");
	return open;
}

function isOpen(value: unknown): value is OpenRequest {
	if (!isObject(value) || typeof value["request"] !== "string" || typeof value["begun"] !== "boolean") return false;
	const { facts, charge } = value;
	if (!isFacts(facts) || !isObject(charge)) return false;
	return ["inputTokens", "outputTokens", "gpuUs", "nanos"].every((name) => typeof charge[name] === "number");
}

function isFacts(value: unknown): value is ChargedFacts {
	if (!isObject(value) || !["principal", "kind", "role", "peer"].every((name) => typeof value[name] === "string")) return false;
	const { model, groups } = value;
	return (model === null || typeof model === "string") && Array.isArray(groups) && groups.every((group) => typeof group === "string");
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === "object" && value !== null;
}
