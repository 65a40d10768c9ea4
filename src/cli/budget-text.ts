/** How budgets are shown, and how far they are used. */
import type { BudgetStanding, BudgetView } from "../admin/admin-deps.ts";
import { roughly } from "./lifetime.ts";
import { printable, table } from "./terminal.ts";

export function budgetTable(budgets: readonly BudgetView[]): readonly string[] {
	const rows = budgets.map((budget) => [
		budget.name,
		budget.scope,
		limitOf(budget),
		budget.window ?? "-",
		budget.on_exhausted,
		concerned(budget),
		String(budget.counters),
	]);
	return table([["NAME", "OF EACH", "LIMIT", "WINDOW", "WHEN USED UP", "FOR", "COUNTED"], ...rows]);
}

export function standingTable(standings: readonly BudgetStanding[], now: number): readonly string[] {
	const rows = standings.map((standing) => [
		standing.name,
		standing.of === undefined ? "everyone" : printable(standing.of),
		limitOf(standing),
		String(standing.used),
		String(standing.held),
		String(standing.remaining),
		standing.renews_at === null ? "-" : `in ${roughly(Math.max(0, Date.parse(standing.renews_at) - now))}`,
	]);
	return table([["BUDGET", "OF", "LIMIT", "USED", "HELD", "REMAINING", "RENEWS"], ...rows]);
}

function limitOf({ limit, unit, per }: Pick<BudgetView, "limit" | "unit" | "per">): string {
	return `${limit} ${unit}${per === null ? "" : per === "hour" ? " an hour" : ` a ${per}`}`;
}

function concerned({ for: wanted }: BudgetView): string {
	const parts = Object.entries(wanted).flatMap(([what, names]) => (names === null ? [] : [`${what} ${names.join(",")}`]));
	return parts.length === 0 ? "all" : printable(parts.join("; "));
}
