/**
 * The table of usage and how far it has counted the event log, in a file of its own.
 *
 *  - Rows and the number of the last record that is in them are written in one transaction: after a crash the two agree, and counting goes on from there.
 *  - The file can be lost: it is counted again from the log, as far back as the log goes.
 *  - Another log, an older copy of the same log, another time zone: what is counted stays, and from which day on it can be proved is written down.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";

import type { UsageDifference, UsageRow } from "../../ports/usage-ledger.ts";
import { lastDayOf, monthOf } from "../../std/calendar.ts";

import { openDatabase } from "./open-database.ts";
import { integerIn, integerOrNullIn, type Row, textIn } from "./row.ts";
import { ADD_DAY_TO_MONTH, addUsage, CREATE_RECOUNT, DIFFERENCES, USAGE_MIGRATIONS, usageParameters, usageRowOf } from "./usage-schema.ts";

export interface Counted {
	readonly chain: string;
	/** The last record that is counted. */
	readonly seq: number;
	readonly timeZone: string;
	/** Days up to this one cannot be counted again from the log; "" where all can. */
	readonly provableAfter: string;
	/** Records that were gone before they could be counted. */
	readonly uncounted: number;
}

/** What the log holds at this moment. */
export interface LogExtent {
	readonly chain: string;
	/** First and last record; 1 and 0 where there is none. */
	readonly firstSeq: number;
	readonly lastSeq: number;
	/** The day of the first record. */
	readonly firstDay: string;
}

const ROWS_A_TURN = 64;

export class UsageDatabase {
	readonly #database: DatabaseSync;
	readonly #add: StatementSync;

	constructor(file: string, now: number) {
		this.#database = openDatabase(file, USAGE_MIGRATIONS, now);
		this.#add = this.#database.prepare(addUsage("usage"));
	}

	/** Null where nothing was counted yet. */
	get timeZone(): string | null {
		return this.#counted()?.timeZone ?? null;
	}

	/** Where counting goes on, after what changed around the table has been written down. */
	begin(log: LogExtent, timeZone: string): Counted {
		const found = this.#counted();
		const before = found ?? { chain: log.chain, seq: 0, timeZone, provableAfter: "", uncounted: 0 };
		let { seq, provableAfter, uncounted } = before;
		const isOther = before.chain !== log.chain;
		if (isOther || before.seq > log.lastSeq || before.timeZone !== timeZone) provableAfter = later(provableAfter, this.#lastDay());
		if (isOther) seq = 0;
		// An older copy of the log was put back: its numbers are given again, to other events.
		else if (seq > log.lastSeq) seq = log.lastSeq;
		if (seq < log.firstSeq - 1) {
			uncounted += log.firstSeq - 1 - seq;
			seq = log.firstSeq - 1;
			provableAfter = later(provableAfter, log.firstDay);
		}
		const next = { chain: log.chain, seq, timeZone, provableAfter, uncounted };
		if (found === null || JSON.stringify(found) !== JSON.stringify(next)) {
			this.#transact(() => {
				if (isOther) this.#database.exec("UPDATE usage SET first_seq = 0, last_seq = 0");
				this.#write(next);
			});
		}
		return next;
	}

	/** Whatever a piece of work that was broken off had begun to write. */
	abandon(): void {
		if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
	}

	/** Adds what the records up to `seq` say, in one transaction; yields now and then, since the log is another file and need not wait for this one. */
	*add(rows: Iterable<UsageRow>, counted: Counted, seq: number): Generator<undefined, Counted> {
		const next = { ...counted, seq };
		let added = 0;
		this.#database.exec("BEGIN IMMEDIATE");
		for (const row of rows) {
			this.#add.run(...usageParameters(row));
			added += 1;
			if (added % ROWS_A_TURN === 0) yield;
		}
		this.#write(next);
		this.#database.exec("COMMIT");
		return next;
	}

	/** Records up to the end of `day` are about to be removed from the log. */
	forgetProof(day: string): void {
		const counted = this.#counted();
		if (counted !== null) this.#write({ ...counted, provableAfter: later(counted.provableAfter, day) });
	}

	/** Rows that may lie between two days, in the order of their periods. */
	rows(since: string | null, until: string | null): Iterable<UsageRow> {
		const statement = this.#database.prepare("SELECT * FROM usage WHERE period >= ? AND period <= ? ORDER BY period");
		return mapped(statement.iterate(since === null ? "" : monthOf(since), until ?? "9"), usageRowOf);
	}

	/** The oldest day of a month that was over before `day`; null where there is none. */
	oldestDayBefore(day: string): string | null {
		const row = this.#database.prepare("SELECT min(period) AS day FROM usage WHERE length(period) = 10 AND period < ?").get(day);
		const oldest = row?.["day"];
		return typeof oldest === "string" && lastDayOf(monthOf(oldest)) < day ? oldest : null;
	}

	rollUpDay(day: string): void {
		this.#transact(() => {
			this.#database.prepare(ADD_DAY_TO_MONTH).run(monthOf(day), day);
			this.#database.prepare("DELETE FROM usage WHERE period = ?").run(day);
		});
	}

	/** Of days that are kept as days; "" where all are. */
	lastRolledUpDay(): string {
		const month = this.#database.prepare("SELECT max(period) AS month FROM usage WHERE length(period) = 7").get()?.["month"];
		return typeof month === "string" ? lastDayOf(month) : "";
	}

	beginRecount(): void {
		this.#database.exec("DROP TABLE IF EXISTS temp.recount");
		this.#database.exec(CREATE_RECOUNT);
	}

	recount(rows: Iterable<UsageRow>): void {
		const add = this.#database.prepare(addUsage("recount"));
		this.#transact(() => {
			for (const row of rows) add.run(...usageParameters(row));
		});
	}

	/** The next day that one of the two tables holds; null after the last. */
	dayAfter(day: string): string | null {
		const found = ["usage", "recount"].flatMap((name) => {
			const row = this.#database.prepare(`SELECT min(period) AS day FROM ${name} WHERE period > ? AND length(period) = 10`).get(day);
			return typeof row?.["day"] === "string" ? [row["day"]] : [];
		});
		return found.toSorted()[0] ?? null;
	}

	differencesOn(day: string, most: number): { readonly rows: number; readonly differences: readonly UsageDifference[] } {
		const kept = this.#database.prepare("SELECT count(*) AS kept FROM usage WHERE period = ?").get(day) ?? {};
		return { rows: integerIn(kept, "kept"), differences: this.#database.prepare(DIFFERENCES).all(day, day, most).map(differenceOf) };
	}

	endRecount(): void {
		this.#database.exec("DROP TABLE temp.recount");
	}

	close(): void {
		this.#database.close();
	}

	#counted(): Counted | null {
		const row = this.#database.prepare("SELECT * FROM counted").get();
		if (row === undefined) return null;
		return {
			chain: textIn(row, "chain"),
			seq: integerIn(row, "seq"),
			timeZone: textIn(row, "time_zone"),
			provableAfter: textIn(row, "provable_after"),
			uncounted: integerIn(row, "uncounted"),
		};
	}

	#write({ chain, seq, timeZone, provableAfter, uncounted }: Counted): void {
		this.#database
			.prepare("REPLACE INTO counted (one, chain, seq, time_zone, provable_after, uncounted) VALUES (1, ?, ?, ?, ?, ?)")
			.run(chain, seq, timeZone, provableAfter, uncounted);
	}

	#lastDay(): string {
		const day = this.#database.prepare("SELECT max(period) AS day FROM usage WHERE length(period) = 10").get()?.["day"];
		return typeof day === "string" ? day : "";
	}

	#transact(act: () => void): void {
		this.#database.exec("BEGIN IMMEDIATE");
		try {
			act();
			this.#database.exec("COMMIT");
		} catch (cause) {
			if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
			throw cause;
		}
	}
}

function later(one: string, other: string): string {
	return one > other ? one : other;
}

function* mapped<T>(rows: Iterable<Row>, map: (row: Row) => T): Generator<T> {
	for (const row of rows) yield map(row);
}

function differenceOf(row: Row): UsageDifference {
	const { period, principal, model, requests, inputTokens, outputTokens } = usageRowOf(row);
	const again = integerOrNullIn(row, "again_requests");
	const kept = `${requests} requests and ${inputTokens + outputTokens} tokens`;
	const what =
		again !== null
			? `${kept} are kept; the log says ${again} and ${integerIn(row, "again_tokens")}`
			: integerIn(row, "is_kept") === 1
				? `${kept} are kept, of which the log says nothing`
				: `${kept} are in the log and are not kept`;
	return { period, principal, model, what };
}
