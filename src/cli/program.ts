/**
 * The command line: from words to a verb, and from whatever comes back to an exit code.
 *
 * Wrong usage is 2 and says what was meant. An error that names its remedy is 2 and prints it. Anything else is a bug of ours: 2 as well, since the
 * question was not answered, and never a "no".
 */
import { Command, CommanderError } from "commander";

import manifest from "../../package.json" with { type: "json" };
import { HintedError } from "../std/hinted-error.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import type { Surroundings } from "./surroundings.ts";
import { usageErrorOf } from "./usage-error.ts";
import type { Session } from "./verb.ts";
import { defineBudgetList, defineBudgetReset, defineBudgetShow } from "./verbs/budget.ts";
import { defineConfigCheck } from "./verbs/config-check.ts";
import { defineConfigExplain } from "./verbs/config-explain.ts";
import { defineConfigSchema } from "./verbs/config-schema.ts";
import { defineDoctor } from "./verbs/doctor.ts";
import { defineEnroll } from "./verbs/enroll.ts";
import { defineEvents } from "./verbs/events.ts";
import { defineEventsVerify } from "./verbs/events-verify.ts";
import { defineKeyCreate } from "./verbs/key-create.ts";
import { defineKeyList } from "./verbs/key-list.ts";
import { defineKeyRevoke } from "./verbs/key-revoke.ts";
import { defineKeyRotate } from "./verbs/key-rotate.ts";
import { defineKeyShow } from "./verbs/key-show.ts";
import { defineLogin } from "./verbs/login.ts";
import { defineLogout } from "./verbs/logout.ts";
import { definePolicyExplain } from "./verbs/policy-explain.ts";
import { definePrincipalAdd } from "./verbs/principal-add.ts";
import { definePrincipalList } from "./verbs/principal-list.ts";
import { definePrincipalRemove } from "./verbs/principal-remove.ts";
import { defineProxy } from "./verbs/proxy.ts";
import { defineServe } from "./verbs/serve.ts";
import { defineSessionEnd, defineSessionList } from "./verbs/session.ts";
import { defineUp } from "./verbs/up.ts";
import { defineUsage } from "./verbs/usage.ts";

/** Runs one invocation; `words` are what follows the program's name. Never throws. */
export async function run(words: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
	const { terminal } = surroundings;
	const session: Session = { surroundings, exitCode: null };
	const program = programOf(session);
	try {
		await program.parseAsync(words, { from: "user" });
		return session.exitCode ?? EXIT.usage;
	} catch (error) {
		if (error instanceof CommanderError) return answerUsage(error, program, words, surroundings);
		const known = error instanceof HintedError ? error : listenErrorOf(error);
		if (known !== null) terminal.error(known.message, known.hint);
		else
			terminal.error(
				`unexpected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
				"this is a bug of rempart; please report it with these lines",
			);
		return EXIT.usage;
	}
}

function programOf(session: Session): Command {
	const { terminal } = session.surroundings;
	const program = new Command("rempart")
		.description("The front door that Ollama does not have: an authenticating TLS gateway, closed by default.")
		.version(`rempart ${manifest.version}`, "-V, --version", "print the version")
		.option("--config <file>", "configuration file (default: /etc/rempart/rempart.yaml where it exists)")
		.option("--state <directory>", "state directory (default: $REMPART_STATE, else the system's)")
		.option("--json", "one JSON object a line on standard output")
		.configureHelp({ showGlobalOptions: true })
		.helpOption("-h, --help", "show the usage")
		.helpCommand("help [verb]", "show the usage of a verb")
		.addHelpText("after", EXIT_TEXT)
		.exitOverride()
		.configureOutput({
			writeOut: (text) => terminal.line(text.trimEnd()),
			writeErr: (text) => terminal.note(text.trimEnd()),
			// The error itself is printed by `answerUsage`, in our own form.
			outputError: () => undefined,
		});
	defineUp(program, session);
	defineServe(program, session);
	const key = group(program, "key", "create, list, show, rotate and revoke API keys");
	for (const define of [defineKeyCreate, defineKeyList, defineKeyShow, defineKeyRotate, defineKeyRevoke]) define(key, session);
	const principal = group(program, "principal", "enrol the keys of ollama programs; list and remove whoever is enrolled");
	for (const define of [definePrincipalAdd, definePrincipalList, definePrincipalRemove]) define(principal, session);
	defineEnroll(program, session);
	definePolicyExplain(group(program, "policy", "why a request would be allowed or refused"), session);
	const config = group(program, "config", "check and explain the configuration");
	for (const define of [defineConfigCheck, defineConfigExplain, defineConfigSchema]) define(config, session);
	defineEventsVerify(defineEvents(program, session), session);
	defineUsage(program, session);
	const budget = group(program, "budget", "list budgets, show how far they are used, let one begin anew");
	for (const define of [defineBudgetList, defineBudgetShow, defineBudgetReset]) define(budget, session);
	defineLogin(program, session);
	defineLogout(program, session);
	const people = group(program, "session", "list who is signed in to administer; sign somebody out");
	for (const define of [defineSessionList, defineSessionEnd]) define(people, session);
	defineProxy(program, session);
	defineDoctor(program, session);
	for (const command of program.commands) if (ADMINISTRATIVE.has(command.name())) addAdminOption(command);
	return program;
}

/** What can be done to a server elsewhere as well. */
const ADMINISTRATIVE: ReadonlySet<string> = new Set(["key", "principal", "enroll", "policy", "events", "usage", "budget", "session"]);

function addAdminOption(command: Command): void {
	const inner = command.commands.filter((one) => one.name() !== "verify");
	for (const one of inner) addAdminOption(one);
	if (command.commands.length === 0 || inner.length === 0) {
		command.option("--admin <url>", "the server at this address, where you are signed in: see rempart login");
	}
}

const EXIT_TEXT = `
exit codes: ${EXIT.done} done, ${EXIT.no} the answer is "no" (denied, unhealthy, not there), ${EXIT.usage} wrong usage or configuration`;

/** A verb that only holds others. Without one of them it is wrong usage. */
function group(program: Command, name: string, description: string): Command {
	return program.command(name).description(description).helpCommand(false);
}

function answerUsage(error: CommanderError, program: Command, words: readonly string[], { terminal }: Surroundings): ExitCode {
	// Help and version that were asked for.
	if (error.exitCode === 0) return EXIT.done;
	// Commander has printed the usage already, since no verb was named.
	if (error.code === "commander.help") return EXIT.usage;
	const { message, hint } = usageErrorOf(error, verbIn(program, words));
	terminal.error(message, hint);
	return EXIT.usage;
}

/** The system's refusal to let us listen is the operator's to mend, not a bug. */
function listenErrorOf(error: unknown): HintedError | null {
	if (!(error instanceof Error) || !("syscall" in error) || (error.syscall !== "listen" && error.syscall !== "bind")) return null;
	return new HintedError(`cannot listen: ${error.message}`, "stop what uses that address, or choose another with --listen or --admin", {
		cause: error,
	});
}

/** As far as the words name a verb that there is: `key create`. */
function verbIn(program: Command, words: readonly string[]): string {
	const names: string[] = [];
	let here = program;
	for (const word of words) {
		const next = here.commands.find((command) => command.name() === word);
		if (next === undefined) continue;
		names.push(word);
		here = next;
	}
	return names.join(" ");
}
