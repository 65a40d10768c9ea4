/** Tables of Markdown whose source can be read as well, and figures in the fewest digits that say something. */
import { type Figure, type Verdict, verdictOf } from "./figure.ts";
import type { Spread } from "./statistics.ts";

const VERDICTS: Readonly<Record<Verdict, string>> = { aim: "aim reached", met: "met", missed: "**missed**", "no-bound": "–" };

export function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
	const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
	const line = (cells: readonly string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
	return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)];
}

/** What | measured | at least | aim | verdict. */
export function figureTable(figures: readonly Figure[]): readonly string[] {
	const rows = figures.map((figure) => [
		figure.what,
		measuredText(figure),
		boundText(figure, figure.atLeast),
		boundText(figure, figure.aim),
		VERDICTS[verdictOf(figure)],
	]);
	return table(["what", "measured", "at least", "aim", "verdict"], rows);
}

export function spreadText({ median, least, most }: Spread, unit = ""): string {
	return `${withUnit(median, unit)} [${digits(least)}–${digits(most)}]`;
}

function measuredText({ value, unit, spread }: Figure): string {
	return spread === null ? withUnit(value, unit) : spreadText({ median: value, least: spread[0], most: spread[1] }, unit);
}

/** The bound and on which side of it is good. */
export function boundText({ unit, better }: Figure, bound: number | null): string {
	if (bound === null) return "–";
	// A bound is written as it was set, not rounded.
	return `${better === "less" ? "≤" : "≥"} ${bound}${gap(unit)}${unit}`;
}

function withUnit(value: number, unit: string): string {
	return `${digits(value)}${gap(unit)}${unit}`;
}

function gap(unit: string): string {
	return unit === "" || unit === "×" ? "" : " ";
}

/** Three digits that count, and no more than the last of two behind the point. */
export function digits(value: number): string {
	const size = Math.abs(value);
	return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}
