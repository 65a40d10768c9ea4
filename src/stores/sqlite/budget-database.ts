/**
 * The file of how far budgets are used: every save adds some large rows, is one transaction, and durable when it is done.
 *
 * A save is done in steps of a millisecond or two, since commits of events share the thread.
 */
import type { DatabaseSync } from "node:sqlite";
import { isDeepStrictEqual } from "node:util";

import type {
	BudgetChanges,
	BudgetDefinition,
	BudgetSnapshot,
	ChargedFacts,
	OpenRequest,
	SubjectRecords,
} from "../../ports/budget-store.ts";

import type { Migration } from "./migrations.ts";
import { openDatabase } from "./open-database.ts";
import { bytesIn, integerIn, type Row, RowError, textIn } from "./row.ts";

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
	{
		version: 3,
		name: "records",
		// Names are UTF-8, numbers as they are in memory.
		sql: `
			CREATE TABLE records (position INTEGER PRIMARY KEY, save INTEGER NOT NULL, names BLOB NOT NULL, numbers BLOB NOT NULL) STRICT;
			ALTER TABLE saved ADD COLUMN save INTEGER NOT NULL DEFAULT 0;
		`,
	},
	{
		version: 4,
		name: "record-layouts",
		// Records say what budgets they count once for all subjects. What was saved in other forms, by builds before any release, is not read: budgets begin anew.
		sql: `
			DROP TABLE subjects;
			DELETE FROM records;
			DELETE FROM definitions;
			DELETE FROM open;
			DELETE FROM saved;
		`,
	},
];

/** As it crosses to the store's thread: each open request is a JSON text already, since many small objects cost more to clone than to write. */
export interface PackedChanges extends Omit<BudgetChanges, "open"> {
	readonly open: readonly string[];
}

export class BudgetDatabase {
	readonly #database: DatabaseSync;

	constructor(file: string, now: number) {
		this.#database = openDatabase(file, BUDGET_MIGRATIONS, now);
	}

	/** Throws a RowError where the file holds what was never saved. */
	load(): BudgetSnapshot | null {
		const saved = this.#database.prepare("SELECT seq, at, save FROM saved").get();
		if (saved === undefined) return null;
		return {
			seq: integerIn(saved, "seq"),
			at: integerIn(saved, "at"),
			save: integerIn(saved, "save"),
			definitions: this.#definitions(),
			records: this.#database.prepare("SELECT names, numbers FROM records ORDER BY position").all().map(recordsOf),
			open: this.#database.prepare("SELECT body FROM open ORDER BY position").all().map(openOf),
		};
	}

	/** Begins a save, does a step of it at a time, and commits with the last; what throws, or is left, has changed nothing. */
	*save({ seq, at, save, keepFrom, definitions, records, open }: PackedChanges): Generator<undefined, void> {
		const database = this.#database;
		database.exec("BEGIN IMMEDIATE");
		try {
			database.prepare("DELETE FROM records WHERE save < ?").run(keepFrom);
			if (!isDeepStrictEqual(this.#definitions(), definitions)) this.#define(definitions);
			const put = database.prepare("INSERT INTO records (save, names, numbers) VALUES (?, ?, ?)");
			for (const { names, numbers } of records) {
				yield;
				put.run(save, Buffer.from(names, "utf8"), new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
			}
			database.exec("DELETE FROM open");
			const begin = database.prepare("INSERT INTO open (body) VALUES (?)");
			for (const body of open) begin.run(body);
			database.prepare("INSERT OR REPLACE INTO saved (one, seq, at, save) VALUES (1, ?, ?, ?)").run(seq, Math.ceil(at), save);
			yield;
			database.exec("COMMIT");
		} finally {
			if (database.isOpen && database.isTransaction) database.exec("ROLLBACK");
		}
	}

	close(): void {
		this.#database.close();
	}

	#define(definitions: readonly BudgetDefinition[]): void {
		this.#database.exec("DELETE FROM definitions");
		const define = this.#database.prepare("INSERT INTO definitions (budget, definition) VALUES (?, ?)");
		for (const [budget, definition] of definitions) define.run(budget, definition);
	}

	#definitions(): BudgetDefinition[] {
		const rows = this.#database.prepare("SELECT budget, definition FROM definitions ORDER BY position").all();
		return rows.map((row) => [textIn(row, "budget"), textIn(row, "definition")]);
	}
}

function recordsOf(row: Row): SubjectRecords {
	const bytes = bytesIn(row, "numbers");
	if (bytes.byteLength % Float64Array.BYTES_PER_ELEMENT !== 0) throw new RowError("column numbers does not hold numbers");
	// A copy: an array of numbers begins at a multiple of their size.
	const numbers = new Float64Array(bytes.byteLength / Float64Array.BYTES_PER_ELEMENT);
	new Uint8Array(numbers.buffer).set(bytes);
	return { names: bytesIn(row, "names").toString("utf8"), numbers };
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
