/**
 * `budget list`, `budget show` and `budget reset`: what is configured, how far it is used, and letting one begin anew.
 *
 * The running server is the authority on how far budgets are used; what lies on the disk is behind it. So these ask it, and say so where none runs.
 */
import type { Command } from "commander";

import type { BudgetStanding, BudgetView } from "../../admin/admin-deps.ts";
import { HintedError } from "../../std/hinted-error.ts";
import { budgetTable, standingTable } from "../budget-text.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { runningServer } from "../running-server.ts";
import { Refused, type SocketClient } from "../socket-client.ts";
import type { GlobalOptions, Surroundings } from "../surroundings.ts";
import { printable, type Terminal } from "../terminal.ts";
import { addVerb, type Invocation, type Session } from "../verb.ts";

interface ListOptions extends GlobalOptions {
	readonly key?: string;
	readonly principal?: string;
}

interface ResetOptions extends GlobalOptions {
	readonly for?: string;
}

interface Listed {
	readonly budgets: readonly BudgetView[];
	readonly standings: readonly BudgetStanding[] | null;
}

interface Shown {
	readonly budget: BudgetView;
	readonly standings: readonly BudgetStanding[];
}

export function defineBudgetList(parent: Command, session: Session): void {
	addVerb<ListOptions>(parent, session, "list", "list the budgets; with --key or --principal how theirs stand", budgetList)
		.option("--key <id>", "how the budgets stand that concern this key")
		.option("--principal <id>", "how the budgets stand that concern this enrolled principal");
}

export function defineBudgetShow(parent: Command, session: Session): void {
	addVerb(parent, session, "show <name>", "show a budget, and who has used how much of it", budgetShow);
}

export function defineBudgetReset(parent: Command, session: Session): void {
	addVerb<ResetOptions>(parent, session, "reset <name>", "let a budget begin anew, at once", budgetReset).option(
		"--for <subject>",
		"only for this key, principal, group, model or network, as 'budget show' names it",
	);
}

async function budgetList({ options, surroundings }: Invocation<ListOptions>): Promise<ExitCode> {
	const { terminal, clock } = surroundings;
	const { key, principal } = options;
	if (key !== undefined && principal !== undefined)
		throw new HintedError("--key and --principal ask for two callers", "leave one of them out");
	const id = key ?? principal;
	const server = await serverOf(options, surroundings);
	const listed = await known(server.get<Listed>(`/v1/budgets${id === undefined ? "" : `?principal=${encodeURIComponent(id)}`}`), terminal, {
		"principal-unknown": [
			`there is nobody with the id '${printable(id ?? "")}'`,
			"see the ids with: rempart key list, rempart principal list",
		],
	});
	if (listed === null) return EXIT.no;
	const { budgets, standings } = listed;
	if (options.json === true) for (const one of standings ?? budgets) terminal.object(one);
	else if (budgets.length === 0) terminal.note("no budgets are configured; see docs/budgets.md");
	else if (standings === null) for (const line of budgetTable(budgets)) terminal.line(line);
	else if (standings.length === 0) terminal.note("no budget concerns it");
	else for (const line of standingTable(standings, clock())) terminal.line(line);
	return EXIT.done;
}

async function budgetShow({ options, words: [name = ""], surroundings }: Invocation<GlobalOptions>): Promise<ExitCode> {
	const { terminal, clock } = surroundings;
	const server = await serverOf(options, surroundings);
	const shown = await known(server.get<Shown>(`/v1/budgets/${encodeURIComponent(name)}`), terminal, unknownBudget(name));
	if (shown === null) return EXIT.no;
	if (options.json === true) terminal.object(shown);
	else {
		const { budget, standings } = shown;
		for (const line of budgetTable([budget])) terminal.line(line);
		terminal.line("");
		if (standings.length === 0) terminal.note("nobody has used anything of it");
		else for (const line of standingTable(standings, clock())) terminal.line(line);
		if (standings.length < budget.counters) terminal.note(`… and ${budget.counters - standings.length} more, who have used less`);
	}
	return EXIT.done;
}

async function budgetReset({ options, words: [name = ""], surroundings }: Invocation<ResetOptions>): Promise<ExitCode> {
	const { terminal } = surroundings;
	const server = await serverOf(options, surroundings);
	const subject = options.for ?? null;
	const path = `/v1/budgets/${encodeURIComponent(name)}/reset`;
	const reset = await known(server.post<{ readonly counters: number }>(path, { for: subject }), terminal, unknownBudget(name));
	if (reset === null) return EXIT.no;
	if (reset.counters === 0 && subject !== null) {
		terminal.error(`'${printable(subject)}' has used nothing of '${name}'`, `see who has with: rempart budget show ${name}`);
		return EXIT.no;
	}
	if (options.json === true) terminal.object(reset);
	else if (subject === null) terminal.line(`budget ${name} begins anew, for all ${reset.counters} who were counted`);
	else terminal.line(`budget ${name} begins anew for ${printable(subject)}`);
	return EXIT.done;
}

function serverOf(options: GlobalOptions, surroundings: Surroundings): Promise<SocketClient> {
	return runningServer(options, surroundings, "nothing says how far budgets are used");
}

type Problems = Readonly<Record<string, readonly [message: string, hint: string]>>;

function unknownBudget(name: string): Problems {
	return { "budget-unknown": [`there is no budget '${printable(name)}'`, "see them with: rempart budget list"] };
}

/** Null where it is one of those problems, which is then told: a "no", and no failure. */
async function known<T>(answer: Promise<T>, terminal: Terminal, problems: Problems): Promise<T | null> {
	try {
		return await answer;
	} catch (error) {
		const said = error instanceof Refused ? problems[error.code ?? ""] : undefined;
		if (said === undefined) throw error;
		terminal.error(said[0], said[1]);
		return null;
	}
}
