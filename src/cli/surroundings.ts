/** Everything that a verb knows of the world around it. `main.ts` makes it of the process; tests make it of plain values. */
import type { Clock } from "../std/clock.ts";
import type { ExitCode } from "./exit-codes.ts";
import type { Terminal } from "./terminal.ts";

export interface Surroundings {
	readonly terminal: Terminal;
	readonly environment: Readonly<Record<string, string | undefined>>;
	/** Flags of the runtime itself. */
	readonly execArgv: readonly string[];
	/** `26.10.0` */
	readonly nodeVersion: string;
	/** Null where the system has no user ids. */
	readonly uid: number | null;
	readonly home: string;
	readonly clock: Clock;
	/** All of standard input, as text. */
	readInput(): Promise<string>;
	/** Resolves when nobody reads standard output any more. */
	readonly outputLost: Promise<void>;
	onSignal(signal: "SIGINT" | "SIGTERM" | "SIGHUP", handler: () => void): void;
	/** Ends the process now, whatever is open; for a second Ctrl-C alone. */
	exitNow(code: ExitCode): void;
}

/** What was typed, global options included; the environment fills the gaps. */
export interface GlobalOptions {
	readonly config?: string | undefined;
	readonly state?: string | undefined;
	readonly json?: boolean | undefined;
	/** Of verbs that administer: the address of a server elsewhere, where somebody is signed in. */
	readonly admin?: string | undefined;
}

export interface ListenOptions {
	readonly listen?: string | undefined;
	readonly admin?: string | undefined;
	readonly upstream?: string | undefined;
}
