/**
 * A report of usage as CSV (RFC 4180): one line of names, one for each key or model or day, one of totals.
 *
 *  - Whole numbers and decimals with a point, without separators; times in seconds.
 *  - Names are others' words. A cell that a spreadsheet would take for a formula (CWE-1236) gets an apostrophe before it, and every text is quoted.
 *  - The line of totals says by which part of the event log the rest can be proved.
 */
import type { UsageRecord, UsageSums } from "../ports/usage-ledger.ts";

export interface CsvReport {
	readonly by: string;
	readonly lines: readonly (UsageSums & { readonly of: string | null; readonly name: string | null; readonly cost: number | null })[];
	readonly totals: UsageSums;
	/** In the operator's currency; null where nothing has a price. */
	readonly cost: number | null;
	readonly record: UsageRecord;
}

const SUMS = [
	"requests",
	"refused",
	"faults",
	"aborted",
	"input_tokens",
	"output_tokens",
	"gpu_seconds",
	"wall_seconds",
	"bytes_in",
	"bytes_out",
	"estimated",
	"untimed",
	"cost",
] as const;
const PROOF = ["chain", "from_seq", "to_seq", "checkpoint", "checkpoint_seq", "checkpoint_hash"] as const;

/** Ends with a line feed, as every line does. */
export function usageCsv({ by, lines, totals, cost, record }: CsvReport): string {
	const { checkpoint } = record;
	const proof = [
		csvText(record.chain),
		String(record.fromSeq),
		String(record.toSeq),
		...(checkpoint === null ? ["", "", ""] : [String(checkpoint.number), String(checkpoint.seq), csvText(checkpoint.hash)]),
	];
	const rows = [
		[by, "name", ...SUMS, ...PROOF],
		...lines.map((line) => [csvText(line.of ?? ""), csvText(line.name ?? ""), ...sumCells(line, line.cost), ...PROOF.map(() => "")]),
		[csvText("total"), "", ...sumCells(totals, cost), ...proof],
	];
	// RFC 4180 §2: lines end with CRLF.
	return rows.map((row) => `${row.join(",")}\r\n`).join("");
}

/** Some spreadsheets take the wide forms for the narrow ones, and skip what cannot be seen. */
const FORMULA = /^[\s\p{Cc}\p{Cf}]*[=+\-@＝＋－＠]|^[\t\r]/u;

/** Quoted, and harmless in a spreadsheet. */
export function csvText(text: string): string {
	const shown = FORMULA.test(text) ? `'${text}` : text;
	return `"${shown.replaceAll('"', '""')}"`;
}

function sumCells(sums: UsageSums, cost: number | null): readonly string[] {
	const { requests, refused, faults, aborted, inputTokens, outputTokens, gpuUs, wallUs, bytesIn, bytesOut, estimated, untimed } = sums;
	const counts = [requests, refused, faults, aborted, inputTokens, outputTokens];
	return [
		...counts.map(String),
		seconds(gpuUs),
		seconds(wallUs),
		...[bytesIn, bytesOut, estimated, untimed].map(String),
		cost === null ? "" : cost.toFixed(6),
	];
}

/** Exact: six digits after the point. */
export function seconds(us: number): string {
	return `${Math.floor(us / 1_000_000)}.${String(us % 1_000_000).padStart(6, "0")}`;
}
