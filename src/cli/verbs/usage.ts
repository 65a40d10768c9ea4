/** `usage`: who used what, as a table, JSON or CSV; `--month` for the accounts, `--recompute` for the doubtful. */
import type { Command } from "commander";

import type { NamedUsageReport, UsageRequest } from "../../admin/admin-deps.ts";
import { USAGE_DIMENSIONS } from "../../model/usage-dimension.ts";
import type { UsageComparison } from "../../ports/usage-ledger.ts";
import { isDay, isMonth, lastDayOf } from "../../std/calendar.ts";
import { HintedError } from "../../std/hinted-error.ts";
import { usageCsv } from "../../usage/usage-csv.ts";
import type { Administration } from "../administration.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { momentOf } from "../lifetime.ts";
import { openAdministration } from "../open-administration.ts";
import type { GlobalOptions } from "../surroundings.ts";
import type { Terminal } from "../terminal.ts";
import { usageNotes, usageTable } from "../usage-text.ts";
import { addVerb, type Invocation, type Session } from "../verb.ts";

interface Options extends GlobalOptions {
	readonly by: string;
	readonly since?: string;
	readonly until?: string;
	readonly month?: string;
	readonly format?: string;
	readonly limit: string;
	readonly recompute?: boolean;
}

const FORMATS = ["table", "json", "csv"] as const;
type Format = (typeof FORMATS)[number];

const SINCE_DEFAULT = "30d";
/** As many as one answer of the server holds. */
const PAGE = 10_000;

export function defineUsage(parent: Command, session: Session): void {
	addVerb<Options>(parent, session, "usage", "show who used what: requests, tokens, GPU time", usage)
		.option("--by <what>", `one of ${USAGE_DIMENSIONS.join(", ")}`, "principal")
		.option("--since <when>", `from a day (2026-01-31) or a length of time ago (7d); ${SINCE_DEFAULT} where nothing is said`)
		.option("--until <when>", "up to a day, itself included, or a length of time ago")
		.option("--month <month>", "a whole month (2026-01), with the part of the log that it stands on")
		.option("--format <format>", `one of ${FORMATS.join(", ")}`)
		.option("--limit <n>", "at most so many lines of a table", "50")
		.option("--recompute", "count the whole event log again, and say where the table of usage differs");
}

async function usage({ options, surroundings }: Invocation<Options>): Promise<ExitCode> {
	const { terminal, clock } = surroundings;
	const format = formatOf(options);
	const request = requestOf(options, clock(), format);
	await using administration = await openAdministration(options, surroundings, { create: false });
	if (options.recompute === true) {
		terminal.progress("counting the event log again …");
		return showComparison(await administration.usage.recompute(), format, terminal);
	}
	const report = format === "table" ? await administration.usage.report(request) : await wholeReport(administration, request);
	if (format === "json") terminal.object(report);
	else if (format === "csv") terminal.text(usageCsv(report));
	else for (const line of usageTable(report)) terminal.line(line);
	for (const note of usageNotes(report, clock())) terminal.note(note);
	return EXIT.done;
}

/** Every line, page by page. What is recorded meanwhile belongs to a later report: the first page's totals hold. */
async function wholeReport({ usage: view }: Administration, request: UsageRequest): Promise<NamedUsageReport> {
	const first = await view.report(request);
	const lines = [...first.lines];
	while (lines.length < first.linesInAll) {
		const next = await view.report({ ...request, offset: lines.length });
		if (next.lines.length === 0) break;
		lines.push(...next.lines);
	}
	return { ...first, lines };
}

function showComparison(compared: UsageComparison, format: Format, terminal: Terminal): ExitCode {
	const { differences, provableAfter, rowsCompared } = compared;
	if (format === "json") terminal.object(compared);
	else if (differences.length === 0) {
		const after = provableAfter === null ? "" : ` after ${provableAfter}, before which the log is not complete any more`;
		terminal.line(`usage is what the event log says: ${rowsCompared} rows${after}`);
	} else {
		for (const { period, principal, model, what } of differences)
			terminal.line(`${period}  ${principal ?? "strangers"}  ${model ?? "-"}  ${what}`);
		terminal.error(
			"usage is not what the event log says",
			"check the log with 'rempart events verify'; to count anew, stop the server and move usage.db out of the state directory",
		);
	}
	return differences.length === 0 ? EXIT.done : EXIT.no;
}

function formatOf({ format, json }: Options): Format {
	if (format === undefined) return json === true ? "json" : "table";
	const known = FORMATS.find((one) => one === format);
	if (known === undefined) throw new HintedError(`--format: "${format}" is not a format`, `write one of ${FORMATS.join(", ")}`);
	if (json === true && known !== "json")
		throw new HintedError(`--json and --format ${known} contradict each other`, "leave one of them out");
	return known;
}

function requestOf(options: Options, now: number, format: Format): UsageRequest {
	const by = USAGE_DIMENSIONS.find((one) => one === options.by);
	if (by === undefined)
		throw new HintedError(`--by: "${options.by}" is nothing that usage is counted by`, `write one of ${USAGE_DIMENSIONS.join(", ")}`);
	const limit = /^\d{1,6}$/.test(options.limit) ? Number(options.limit) : 0;
	if (limit < 1 || limit > PAGE)
		throw new HintedError(`--limit: "${options.limit}" is not a number from 1 to ${PAGE}`, "write for example: --limit 50");
	const page = { by, limit: format === "table" ? limit : PAGE, offset: 0 };
	if (options.month === undefined)
		return {
			...page,
			since: boundOf("--since", options.since ?? SINCE_DEFAULT, now),
			until: options.until === undefined ? null : boundOf("--until", options.until, now),
		};
	if (options.since !== undefined || options.until !== undefined)
		throw new HintedError("--month goes without --since and --until", "leave them out: a month is a whole month");
	if (!isMonth(options.month)) throw new HintedError(`--month: "${options.month}" is not a month`, "write for example: --month 2026-10");
	return { ...page, since: `${options.month}-01`, until: lastDayOf(options.month) };
}

/** A day stays one, in whatever zone the server's days are; a length of time ago is a moment. */
function boundOf(option: string, text: string, now: number): string | number {
	if (isDay(text)) return text;
	if (/^\d{4}-\d{2}-\d{2}$/.test(text)) throw new HintedError(`${option}: there is no day "${text}"`, "write for example: 2026-01-31");
	return momentOf(option, text, now);
}
