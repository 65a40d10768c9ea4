/**
 * What `up` and `serve` have in common: start, say so, follow signals, end.
 *
 *  - SIGTERM and SIGINT drain; a second one cuts what is left; a third ends the process. SIGHUP reads configuration and certificate again.
 *  - A terminal sends Ctrl-C to the launcher and to us, and the launcher passes it on, so two within a second are one.
 */
import type { ReloadOutcome } from "../admin/admin-deps.ts";
import type { RunningServer } from "../app/start-server.ts";
import type { Config } from "../config/config.ts";
import { HintedError } from "../std/hinted-error.ts";
import { soundConfiguration } from "./configuration.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { insecureFlags } from "./runtime-guard.ts";
import { stateDirectoryOf } from "./state.ts";
import type { GlobalOptions, ListenOptions, Surroundings } from "./surroundings.ts";

export type ServingOptions = GlobalOptions & ListenOptions;

export interface Serving {
	readonly demonstration: "when-absent" | "never";
	readonly firstKey: boolean;
	/** Called once the server is up. Null where all is well; an objection is printed and stops the server again. */
	readonly welcome: (server: RunningServer, about: Served) => Promise<Objection | null>;
}

export interface Objection {
	readonly message: string;
	readonly hint: string | null;
}

export interface Served {
	readonly config: Config;
	readonly configFile: string | null;
	readonly stateDirectory: string;
}

const SAME_SIGNAL_MS = 1000;

export async function serveUntilStopped(options: ServingOptions, surroundings: Surroundings, serving: Serving): Promise<ExitCode> {
	const { terminal, clock } = surroundings;
	refuseInsecureFlags(surroundings);
	const configuration = await soundConfiguration(options, surroundings);
	if (configuration === null) return EXIT.usage;
	const stateDirectory = stateDirectoryOf(options, surroundings);
	const { startServer } = await import("../app/start-server.ts");
	const { giveBackStartMemory } = await import("../stores/start-memory.ts");
	terminal.progress("starting …");
	const server = await startServer({
		loaded: configuration.loading,
		overrides: configuration.overrides,
		configFile: configuration.file,
		stateDirectory,
		demonstration: serving.demonstration,
		firstKey: serving.firstKey,
		clock,
	});
	await giveBackStartMemory();
	// Before the welcome: from here on a signal drains, whatever is still being printed.
	const stopAsked = followSignals(server, options, surroundings);
	const objection = await welcomeOrStop(server, serving, {
		config: configuration.loading.config,
		configFile: configuration.file,
		stateDirectory,
	});
	void tellOfSilentProviders(server, surroundings);
	// Whoever ends it while it is being tried has no use for the outcome.
	const objected = objection !== null && !stopAsked();
	if (objected) {
		terminal.error(objection.message, objection.hint);
		await server.stop();
	}
	await server.closed;
	if (options.json === true) terminal.object({ event: "stopped" });
	else terminal.note("stopped");
	return objected ? EXIT.no : EXIT.done;
}

/** A server that could not be vouched for does not go on. */
async function welcomeOrStop(server: RunningServer, { welcome }: Serving, about: Served): Promise<Objection | null> {
	try {
		return await welcome(server, about);
	} catch (error) {
		await server.stop();
		throw error;
	}
}

/** They may take seconds to time out, for which nobody waits. */
async function tellOfSilentProviders({ silentProviders }: RunningServer, { terminal }: Surroundings): Promise<void> {
	for (const { issuer, detail } of await silentProviders) {
		const text = `the identity provider ${issuer} does not answer: ${detail ?? ""}; until it does, its access tokens are answered 503`;
		terminal.warn(text, "rempart doctor says more; keys and other credentials work");
	}
}

function refuseInsecureFlags(surroundings: Surroundings): void {
	const [first, ...others] = insecureFlags(surroundings);
	if (first === undefined) return;
	const more = others.length === 0 ? "" : ` (and ${others.map(({ what }) => what).join(", ")})`;
	throw new HintedError(`will not start with ${first.what}${more}: ${first.why}`, "take it away and start again");
}

/** Answers whether the server was asked to stop. */
function followSignals(server: RunningServer, options: ServingOptions, surroundings: Surroundings): () => boolean {
	const { terminal, clock } = surroundings;
	let asked = 0;
	let lastAt = Number.NEGATIVE_INFINITY;
	const stop = (): void => {
		const now = clock();
		if (now - lastAt < SAME_SIGNAL_MS) return;
		lastAt = now;
		asked += 1;
		if (asked > 2) {
			surroundings.exitNow(EXIT.no);
			return;
		}
		if (options.json === true) terminal.object({ event: asked === 1 ? "draining" : "cutting" });
		else terminal.note(asked === 1 ? "draining: running answers may end; once more to cut them" : "cutting what is left");
		// `closed` tells how it went; a rejection is seen there.
		server.stop().catch(() => undefined);
	};
	surroundings.onSignal("SIGTERM", stop);
	surroundings.onSignal("SIGINT", stop);
	surroundings.onSignal("SIGHUP", () => {
		const failed = (error: unknown): ReloadOutcome => ({
			reloaded: false,
			problems: [error instanceof Error ? error.message : String(error)],
		});
		void server
			.reload()
			.catch(failed)
			.then((outcome) => showReload(outcome, options, surroundings));
	});
	return () => asked > 0;
}

function showReload(outcome: ReloadOutcome, { json }: ServingOptions, { terminal }: Surroundings): void {
	if (json === true) {
		terminal.object({ event: outcome.reloaded ? "reloaded" : "reload-rejected", ...outcome });
		return;
	}
	if (!outcome.reloaded) {
		for (const problem of outcome.problems) terminal.error(problem, null);
		terminal.warn("the configuration was refused; the one before stays in force", "mend it and send SIGHUP again");
		return;
	}
	terminal.note(`configuration read again (${outcome.configDigest.slice(0, 12)})`);
	for (const note of outcome.notes) terminal.note(`note: ${note}`);
}
