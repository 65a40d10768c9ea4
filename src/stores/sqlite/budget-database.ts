/** The file of how far budgets are used: one row a counter, every save one transaction and durable on return. */
import type { DatabaseSync } from "node:sqlite";

import type { BudgetChanges, BudgetDefinition, BudgetSnapshot, ChargedFacts, CounterState, OpenRequest } from "../../ports/budget-store.ts";

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
			counters: this.#database.prepare("SELECT budget, subject, state FROM counters ORDER BY budget, subject").all().map(counterOf),
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

	#definitions(): BudgetDefinition[] {
		const rows = this.#database.prepare("SELECT budget, definition FROM definitions ORDER BY position").all();
		return rows.map((row) => [textIn(row, "budget"), textIn(row, "definition")]);
	}

	#write({ seq, at, definitions, counters, forgotten, open }: BudgetChanges): void {
		const database = this.#database;
		const wanted = new Map(definitions);
		const drop = database.prepare("DELETE FROM counters WHERE budget = ?");
		for (const [budget, definition] of this.#definitions()) if (wanted.get(budget) !== definition) drop.run(budget);
		database.exec("DELETE FROM definitions; DELETE FROM open");
		const define = database.prepare("INSERT INTO definitions (budget, definition) VALUES (?, ?)");
		for (const [budget, definition] of definitions) define.run(budget, definition);
		const forget = database.prepare("DELETE FROM counters WHERE budget = ? AND subject = ?");
		for (const [budget, subject] of forgotten) forget.run(budget, subject);
		const put = database.prepare("INSERT OR REPLACE INTO counters (budget, subject, state) VALUES (?, ?, ?)");
		for (const { budget, subject, state } of counters) put.run(budget, subject, JSON.stringify(state));
		const begin = database.prepare("INSERT INTO open (body) VALUES (?)");
		for (const request of open) begin.run(JSON.stringify(request));
		database.prepare("INSERT OR REPLACE INTO saved (one, seq, at) VALUES (1, ?, ?)").run(seq, Math.ceil(at));
	}
}

function counterOf(row: Row): CounterState {
	const state: unknown = JSON.parse(textIn(row, "state"));
	if (!isNumbers(state)) throw new RowError("column state is not a list of numbers");
	return { budget: textIn(row, "budget"), subject: textIn(row, "subject"), state };
}

function isNumbers(value: unknown): value is readonly number[] {
	return Array.isArray(value) && value.every((each) => typeof each === "number");
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
