import type { SQLInputValue } from "node:sqlite";

import { DIALECTS, OPERATION_CLASSES } from "../../model/operation-class.ts";
import type { UsageRow } from "../../ports/usage-ledger.ts";
import { groupsIn } from "../../usage/counted-line.ts";
import type { Migration } from "./migrations.ts";
import { integerIn, type Row, textIn } from "./row.ts";

/** Empty texts stand for null: a primary key has none. */
const COLUMNS = `
	period TEXT NOT NULL,
	principal TEXT NOT NULL,
	groups TEXT NOT NULL,
	model TEXT NOT NULL,
	class TEXT NOT NULL,
	dialect TEXT NOT NULL,
	requests INTEGER NOT NULL,
	refused INTEGER NOT NULL,
	faults INTEGER NOT NULL,
	aborted INTEGER NOT NULL,
	input_tokens INTEGER NOT NULL,
	output_tokens INTEGER NOT NULL,
	gpu_us INTEGER NOT NULL,
	wall_us INTEGER NOT NULL,
	bytes_in INTEGER NOT NULL,
	bytes_out INTEGER NOT NULL,
	estimated INTEGER NOT NULL,
	untimed INTEGER NOT NULL,
	first_seq INTEGER NOT NULL,
	last_seq INTEGER NOT NULL,
	PRIMARY KEY (period, principal, groups, model, class, dialect)`;

export const USAGE_MIGRATIONS: readonly Migration[] = [
	{
		version: 1,
		name: "usage by day",
		sql: `
			CREATE TABLE usage (${COLUMNS}) STRICT, WITHOUT ROWID;
			CREATE TABLE counted (
				one INTEGER PRIMARY KEY CHECK (one = 1),
				chain TEXT NOT NULL,
				seq INTEGER NOT NULL,
				time_zone TEXT NOT NULL,
				provable_after TEXT NOT NULL,
				uncounted INTEGER NOT NULL
			) STRICT;
		`,
	},
];

/** Beside the table, for counting again; gone with the connection. */
export const CREATE_RECOUNT = `CREATE TEMP TABLE recount (${COLUMNS}) STRICT, WITHOUT ROWID`;

const KEY = "period, principal, groups, model, class, dialect";
const SUMS = "requests, refused, faults, aborted, input_tokens, output_tokens, gpu_us, wall_us, bytes_in, bytes_out, estimated, untimed";
const ADDED = SUMS.split(", ")
	.map((sum) => `${sum} = ${sum} + excluded.${sum}`)
	.join(", ");
/** A number of 0 is one of another log. */
const RANGE =
	"first_seq = CASE WHEN first_seq = 0 THEN excluded.first_seq WHEN excluded.first_seq = 0 THEN first_seq ELSE min(first_seq, excluded.first_seq) END, last_seq = max(last_seq, excluded.last_seq)";
const ON_CONFLICT = `ON CONFLICT (${KEY}) DO UPDATE SET ${ADDED}, ${RANGE}`;
const MARKS = Array.from({ length: 20 }, () => "?").join(", ");

export function addUsage(table: "usage" | "recount"): string {
	return `INSERT INTO ${table} (${KEY}, ${SUMS}, first_seq, last_seq) VALUES (${MARKS}) ${ON_CONFLICT}`;
}

/** Parameters: the month, the day. */
export const ADD_DAY_TO_MONTH = `INSERT INTO usage (${KEY}, ${SUMS}, first_seq, last_seq)
	SELECT ?, principal, groups, model, class, dialect, ${SUMS}, first_seq, last_seq FROM usage WHERE period = ? ${ON_CONFLICT}`;

/** Where the two tables say something else of a day. Parameters: the day, the day, how many at most. */
export const DIFFERENCES = `
	SELECT kept.*, again.requests AS again_requests, again.input_tokens + again.output_tokens AS again_tokens, 1 AS is_kept
		FROM usage AS kept LEFT JOIN recount AS again USING (${KEY})
		WHERE kept.period = ? AND (${SUMS.split(", ")
			.map((sum) => `kept.${sum} IS NOT again.${sum}`)
			.join(" OR ")})
	UNION ALL
	SELECT again.*, NULL, NULL, 0 FROM recount AS again LEFT JOIN usage AS kept USING (${KEY})
		WHERE again.period = ? AND kept.requests IS NULL
	LIMIT ?`;

export function usageParameters(row: UsageRow): SQLInputValue[] {
	return [
		row.period,
		row.principal ?? "",
		row.groups === null ? "" : JSON.stringify(row.groups),
		row.model ?? "",
		row.class ?? "",
		row.dialect ?? "",
		row.requests,
		row.refused,
		row.faults,
		row.aborted,
		row.inputTokens,
		row.outputTokens,
		row.gpuUs,
		row.wallUs,
		row.bytesIn,
		row.bytesOut,
		row.estimated,
		row.untimed,
		row.firstSeq,
		row.lastSeq,
	];
}

/** Throws a RowError. */
export function usageRowOf(row: Row): UsageRow {
	const operationClass = textIn(row, "class");
	const dialect = textIn(row, "dialect");
	return {
		period: textIn(row, "period"),
		principal: orNull(textIn(row, "principal")),
		groups: groupsIn(textIn(row, "groups")),
		model: orNull(textIn(row, "model")),
		class: OPERATION_CLASSES.find((one) => one === operationClass) ?? null,
		dialect: DIALECTS.find((one) => one === dialect) ?? null,
		requests: integerIn(row, "requests"),
		refused: integerIn(row, "refused"),
		faults: integerIn(row, "faults"),
		aborted: integerIn(row, "aborted"),
		inputTokens: integerIn(row, "input_tokens"),
		outputTokens: integerIn(row, "output_tokens"),
		gpuUs: integerIn(row, "gpu_us"),
		wallUs: integerIn(row, "wall_us"),
		bytesIn: integerIn(row, "bytes_in"),
		bytesOut: integerIn(row, "bytes_out"),
		estimated: integerIn(row, "estimated"),
		untimed: integerIn(row, "untimed"),
		firstSeq: integerIn(row, "first_seq"),
		lastSeq: integerIn(row, "last_seq"),
	};
}

function orNull(text: string): string | null {
	return text === "" ? null : text;
}
