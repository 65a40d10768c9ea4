/** Usage as a person reads it. */
import type { NamedUsageReport } from "../admin/admin-deps.ts";
import type { UsageSums } from "../ports/usage-ledger.ts";
import { Calendar } from "../std/calendar.ts";
import { printable } from "./terminal.ts";

const HEADS = ["REQUESTS", "REFUSED", "FAULTS", "ABORTED", "INPUT", "OUTPUT", "GPU"] as const;
/** How a line is called that has no name of its own. */
const NOTHING = {
	key: "(none)",
	principal: "(strangers)",
	group: "(in no group)",
	model: "(no model)",
	day: "",
	class: "(not understood)",
	dialect: "(not understood)",
} as const;

/** Numbers to the right: they are compared. */
export function usageTable({ by, lines, linesInAll, totals, cost }: NamedUsageReport): readonly string[] {
	const named = by === "key" || by === "principal";
	const priced = cost !== null;
	const heads = [by.toUpperCase(), ...(named ? ["NAME"] : [])];
	const rows = [
		[...heads, ...HEADS, ...(priced ? ["COST"] : [])],
		...lines.map((line) => [printable(line.of ?? NOTHING[by]), ...(named ? [printable(line.name ?? "")] : []), ...cells(line, line.cost)]),
		["total", ...(named ? [""] : []), ...cells(totals, cost)],
	];
	const widths: number[] = [];
	for (const row of rows) for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
	const shown = rows.map((row) =>
		row
			.map((cell, at) => (at < heads.length ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
			.join("  ")
			.trimEnd(),
	);
	const more = linesInAll - lines.length;
	return more > 0 ? [...shown.slice(0, -1), `… and ${more} more: --limit`, ...shown.slice(-1)] : shown;
}

/** What somebody should know who relies on the numbers. */
export function usageNotes(report: NamedUsageReport, now: number): readonly string[] {
	const { since, until, timeZone, totals, cutMonths, record } = report;
	const today = new Calendar(timeZone).dayOf(now);
	const { checkpoint } = record;
	const range = record.toSeq === 0 ? "no events" : `events ${record.fromSeq} to ${record.toSeq}`;
	const sealed = checkpoint === null ? "not sealed yet" : `sealed by checkpoint ${checkpoint.number}, ${checkpoint.hash}`;
	return [
		`${since === null ? "from the beginning" : `from ${since}`} to ${until ?? today}, days of ${timeZone}; ${range}, ${sealed}`,
		...(until !== null && until >= today ? ["the last day is not over yet"] : []),
		...(cutMonths.length === 0 ? [] : [`left out, since it is kept by whole months only: ${cutMonths.join(", ")}`]),
		...(totals.untimed === 0
			? []
			: [`the GPU time of ${totals.untimed} requests is their time at the upstream: their dialect does not say`]),
		...(totals.estimated === 0 ? [] : [`the tokens of ${totals.estimated} requests that ended early were counted from what passed`]),
		...(record.uncounted === 0 ? [] : [`${record.uncounted} events had been removed before they could be counted`]),
	];
}

function cells(
	{ requests, refused, faults, aborted, inputTokens, outputTokens, gpuUs }: UsageSums,
	cost: number | null,
): readonly string[] {
	return [
		...[requests, refused, faults, aborted, inputTokens, outputTokens].map(String),
		gpuTime(gpuUs),
		...(cost === null ? [] : [cost.toFixed(2)]),
	];
}

/** `3h07m`, `4m05s`, `1.2s`. */
export function gpuTime(us: number): string {
	const seconds = us / 1_000_000;
	if (seconds < 60) return `${seconds.toFixed(1)}s`;
	const whole = Math.round(seconds);
	const [hours, minutes, rest] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60, whole % 60];
	const two = (part: number): string => String(part).padStart(2, "0");
	return hours > 0 ? `${hours}h${two(minutes)}m` : `${minutes}m${two(rest)}s`;
}
