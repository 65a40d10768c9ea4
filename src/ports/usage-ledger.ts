import type { Dialect, OperationClass } from "../model/operation-class.ts";
import type { UsageDimension } from "../model/usage-dimension.ts";

/** What was used: whole numbers, so that sums do not depend on the order of adding. */
export interface UsageSums {
	/** All of them, however they ended. */
	readonly requests: number;
	readonly refused: number;
	readonly faults: number;
	/** The caller left, or we ended it early. */
	readonly aborted: number;
	readonly inputTokens: number;
	readonly outputTokens: number;
	/** Microseconds of the GPU: `gpuTimeUs` of the record. */
	readonly gpuUs: number;
	/** Microseconds from the first byte of a request to the last of its answer. */
	readonly wallUs: number;
	readonly bytesIn: number;
	readonly bytesOut: number;
	/** Requests whose tokens were counted from what passed, because they ended early. */
	readonly estimated: number;
	/** Requests of which nobody said how long the runner took: their part of `gpuUs` is made of the time at the upstream. */
	readonly untimed: number;
}

export interface UsageRow extends UsageSums {
	/** A day in the operator's time zone (`2026-10-31`), or a month (`2026-10`) whose days were rolled up. */
	readonly period: string;
	/** Null for strangers. */
	readonly principal: string | null;
	/** At the time, in the order of their names; null for none. */
	readonly groups: readonly string[] | null;
	/** Null where no model answered. */
	readonly model: string | null;
	readonly class: OperationClass | null;
	readonly dialect: Dialect | null;
	/** First and last record of the event log that is in here; 0 where that was another log. */
	readonly firstSeq: number;
	readonly lastSeq: number;
}

export interface UsageQuery {
	readonly by: UsageDimension;
	/** Days (`2026-10-31`), inclusive; null for no bound. */
	readonly since: string | null;
	readonly until: string | null;
	/** Most lines of the answer, and how many to pass over before. */
	readonly limit: number;
	readonly offset: number;
	/** Whether each line says what its models used; for whoever knows their prices. */
	readonly withModels?: boolean;
}

export interface ModelUse extends Pick<UsageSums, "inputTokens" | "outputTokens" | "gpuUs"> {
	readonly model: string;
}

export interface UsageLine extends UsageSums {
	/** The day, key, principal, group, model or class; null for what has none: a stranger, a request without a model. */
	readonly of: string | null;
	/** Empty unless it was asked for. */
	readonly models: readonly ModelUse[];
}

export interface UsageReport {
	readonly by: UsageDimension;
	readonly since: string | null;
	readonly until: string | null;
	readonly timeZone: string;
	/** Days in their order, all else by tokens, most first. */
	readonly lines: readonly UsageLine[];
	/** How many lines there are in all. */
	readonly linesInAll: number;
	/** Of everything in the range. A principal of two groups counts once here and in both lines. */
	readonly totals: UsageSums;
	/** As for lines. */
	readonly models: readonly ModelUse[];
	/** Months that are kept as a whole and lie only partly in the range: left out. */
	readonly cutMonths: readonly string[];
	/** The part of the event log that the totals stand on. */
	readonly record: UsageRecord;
}

export interface UsageRecord {
	/** The log's id. */
	readonly chain: string;
	/** 0 where there is nothing. */
	readonly fromSeq: number;
	readonly toSeq: number;
	/** Everything up to here is counted. */
	readonly countedSeq: number;
	/** Records that were gone before they could be counted. */
	readonly uncounted: number;
	/** The first signed checkpoint at or after `toSeq`; null where none is signed yet, or none is kept any more. */
	readonly checkpoint: {
		readonly number: number;
		readonly seq: number;
		readonly at: number;
		readonly hash: string;
		readonly signature: string;
	} | null;
}

export interface UsageComparison {
	/** Blocks of the log that were counted again. */
	readonly blocks: number;
	/** Days up to this one cannot be told any more, because the log does not hold all of them; null where all can. */
	readonly provableAfter: string | null;
	readonly rowsCompared: number;
	/** The first of them; none where the table is what the log says. */
	readonly differences: readonly UsageDifference[];
}

export interface UsageDifference {
	readonly period: string;
	readonly principal: string | null;
	readonly model: string | null;
	/** `requests kept 4, recomputed 5` */
	readonly what: string;
}

/** What was used, counted from the event log and from nothing else. Works off the event loop; rejects where the files cannot be read or written. */
export interface UsageLedger {
	/** Counts what was committed since; days are those of `timeZone`. */
	catchUp(timeZone: string): Promise<{ readonly countedSeq: number; readonly events: number }>;
	/** Catches up first. */
	report(query: UsageQuery, timeZone: string): Promise<UsageReport>;
	/** Catches up, then counts the whole log again beside the table, and compares. */
	recompute(timeZone: string): Promise<UsageComparison>;
	/** Sums up the days of each month that is over before `day`. Returns how many days that were. */
	rollUp(day: string): Promise<number>;
}
