/**
 * Counting, reporting, recounting and rolling up, a slice at a time: commits share the thread, and delay no request for it.
 *
 *  - One piece of work at a time: two that counted side by side would count twice.
 *  - What is counted is what stands committed in the log at the start of the work.
 */
import type { UsageComparison, UsageDifference, UsageQuery, UsageReport } from "../../ports/usage-ledger.ts";
import { Calendar } from "../../std/calendar.ts";
import { UsageFold } from "../../usage/usage-fold.ts";
import { UsageTally } from "../../usage/usage-tally.ts";

import { unpackText } from "./block-body.ts";
import { exportCheckpoint } from "./chain.ts";
import type { EventDatabase } from "./event-database.ts";
import { checkpointOf } from "./event-schema.ts";
import type { FreshUsage } from "./fresh-usage.ts";
import { bytesIn, integerIn } from "./row.ts";
import type { Counted, LogExtent, UsageDatabase } from "./usage-database.ts";

export interface UsageFiles {
	readonly events: EventDatabase;
	readonly usage: UsageDatabase;
	readonly fresh: FreshUsage;
}

/** Yields where others may be heard; returns the answer. Throws where a file fails. */
export type SlowWork<T> = Generator<undefined, T>;

/** Bound what is held before it is written: records, and rows. */
const RECORDS_AT_ONCE = 50_000;
const ROWS_AT_ONCE = 10_000;
/** Counted again: written in one go. */
const RECOUNTED_AT_ONCE = 500;
const ROWS_A_TURN = 64;
const DIFFERENCES_MOST = 100;

export function* catchUp(
	{ events, usage, fresh }: UsageFiles,
	timeZone: string,
): SlowWork<{ readonly counted: Counted; readonly events: number }> {
	const calendar = new Calendar(timeZone);
	const log = extentOf(events, calendar);
	let counted = usage.begin(log, timeZone);
	const began = counted.seq;
	const rows = fresh.take(began, log.lastSeq, calendar);
	if (rows !== null) {
		if (log.lastSeq > began) counted = yield* usage.add(rows, counted, log.lastSeq);
		return { counted, events: counted.seq - began };
	}
	const tally = new UsageTally(calendar);
	for (const seq of tallied(events, tally, counted.seq, log.lastSeq)) {
		if (seq === log.lastSeq || seq - counted.seq >= RECORDS_AT_ONCE || tally.size >= ROWS_AT_ONCE)
			counted = yield* usage.add(tally.take(), counted, seq);
		yield;
	}
	return { counted, events: counted.seq - began };
}

/** Before anything is appended: a log of which an older copy was put back is known by its end, as long as nothing was added to it. */
export function meetLog({ events, usage }: Omit<UsageFiles, "fresh">): void {
	const timeZone = usage.timeZone;
	if (timeZone !== null) usage.begin(extentOf(events, new Calendar(timeZone)), timeZone);
}

export function* report(files: UsageFiles, query: UsageQuery, timeZone: string): SlowWork<UsageReport> {
	const { counted } = yield* catchUp(files, timeZone);
	const fold = new UsageFold(query);
	let passed = 0;
	for (const row of files.usage.rows(query.since, query.until)) {
		fold.add(row);
		passed += 1;
		if (passed % ROWS_A_TURN === 0) yield;
	}
	const { fromSeq, toSeq, ...folded } = fold.result();
	const checkpoint = toSeq === 0 ? null : checkpointOver(files.events, toSeq);
	const { by, since, until } = query;
	const record = { chain: counted.chain, fromSeq, toSeq, countedSeq: counted.seq, uncounted: counted.uncounted, checkpoint };
	return { by, since, until, timeZone, ...folded, record };
}

export function* recompute(files: UsageFiles, timeZone: string): SlowWork<UsageComparison> {
	const { events, usage } = files;
	const { counted } = yield* catchUp(files, timeZone);
	const rolledUp = usage.lastRolledUpDay();
	const after = rolledUp > counted.provableAfter ? rolledUp : counted.provableAfter;
	const tally = new UsageTally(new Calendar(timeZone), after);
	usage.beginRecount();
	let blocks = 0;
	for (const seq of tallied(events, tally, 0, counted.seq)) {
		if (seq === counted.seq || tally.size >= RECOUNTED_AT_ONCE) usage.recount(tally.take());
		blocks += 1;
		yield;
	}
	const differences: UsageDifference[] = [];
	let rowsCompared = 0;
	for (let day = usage.dayAfter(after); day !== null; day = usage.dayAfter(day)) {
		const found = usage.differencesOn(day, DIFFERENCES_MOST - differences.length);
		rowsCompared += found.rows;
		differences.push(...found.differences);
		yield;
	}
	usage.endRecount();
	return { blocks, provableAfter: after === "" ? null : after, rowsCompared, differences };
}

export function* rollUp({ usage }: UsageFiles, day: string): SlowWork<number> {
	let days = 0;
	for (let oldest = usage.oldestDayBefore(day); oldest !== null; oldest = usage.oldestDayBefore(day)) {
		usage.rollUpDay(oldest);
		days += 1;
		yield;
	}
	return days;
}

/** Adds block after block to the tally; yields the last record that it holds. */
function* tallied(events: EventDatabase, tally: UsageTally, after: number, last: number): Generator<number> {
	const next = events.database.prepare(
		"SELECT first_seq, last_seq, body FROM blocks WHERE first_seq > ? AND first_seq > 0 AND last_seq <= ? ORDER BY first_seq LIMIT 1",
	);
	for (let row = next.get(after, last); row !== undefined; row = next.get(after, last)) {
		tally.add(unpackText(bytesIn(row, "body")), integerIn(row, "first_seq"));
		after = integerIn(row, "last_seq");
		yield after;
	}
}

function extentOf({ chain, database }: EventDatabase, calendar: Calendar): LogExtent {
	const first = database.prepare("SELECT first_seq, first_at FROM blocks WHERE first_seq > 0 ORDER BY first_seq LIMIT 1").get();
	const last = database.prepare("SELECT last_seq FROM blocks ORDER BY first_seq DESC LIMIT 1").get() ?? {};
	return {
		chain,
		firstSeq: first === undefined ? 1 : integerIn(first, "first_seq"),
		lastSeq: integerIn(last, "last_seq"),
		firstDay: first === undefined ? "" : calendar.dayOf(integerIn(first, "first_at")),
	};
}

function checkpointOver({ chain, database }: EventDatabase, seq: number): UsageReport["record"]["checkpoint"] {
	const row = database.prepare("SELECT * FROM checkpoints WHERE seq >= ? ORDER BY number LIMIT 1").get(seq);
	if (row === undefined) return null;
	const { number, seq: sealed, at, hash, signature } = exportCheckpoint(chain, checkpointOf(row));
	return { number, seq: sealed, at, hash, signature };
}
