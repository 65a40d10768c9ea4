/** `session list` and `session end`: who is signed in to administer, and signing somebody out. Sessions are in a running server and nowhere else. */
import type { Command } from "commander";

import type { SessionView } from "../../admin/admin-deps.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { roughly } from "../lifetime.ts";
import { runningServer } from "../running-server.ts";
import { Refused, type SocketClient } from "../socket-client.ts";
import type { GlobalOptions, Surroundings } from "../surroundings.ts";
import { printable, table } from "../terminal.ts";
import { addVerb, type Invocation, type Session } from "../verb.ts";

export function defineSessionList(parent: Command, session: Session): void {
	addVerb(parent, session, "list", "list who is signed in to administer", sessionList);
}

export function defineSessionEnd(parent: Command, session: Session): void {
	addVerb(parent, session, "end <id>", "sign somebody out, at once", sessionEnd);
}

async function sessionList({ options, surroundings }: Invocation<GlobalOptions>): Promise<ExitCode> {
	const { terminal, clock } = surroundings;
	const { sessions } = await (await serverOf(options, surroundings)).get<{ sessions: readonly SessionView[] }>("/v1/sessions");
	if (options.json === true) for (const session of sessions) terminal.object(session);
	else if (sessions.length === 0) terminal.note("nobody is signed in");
	else {
		const now = clock();
		const rows = sessions.map(({ id, person, name, role, way, lastUsedAt, expiresAt }) => [
			id,
			printable(name),
			person,
			role,
			way,
			`${roughly(now - lastUsedAt)} ago`,
			`in ${roughly(expiresAt - now)}`,
		]);
		for (const line of table([["ID", "NAME", "PERSON", "ROLE", "BY", "LAST USED", "ENDS"], ...rows])) terminal.line(line);
	}
	return EXIT.done;
}

async function sessionEnd({ options, words: [id = ""], surroundings }: Invocation<GlobalOptions>): Promise<ExitCode> {
	const { terminal } = surroundings;
	try {
		await (await serverOf(options, surroundings)).post(`/v1/sessions/${encodeURIComponent(id)}/end`);
	} catch (error) {
		if (!(error instanceof Refused) || error.code !== "session-unknown") throw error;
		terminal.error(`there is no session '${printable(id)}'`, "see the ids with: rempart session list");
		return EXIT.no;
	}
	if (options.json === true) terminal.object({ id, ended: true });
	else terminal.line(`session ${id} is ended`);
	return EXIT.done;
}

function serverOf(options: GlobalOptions, surroundings: Surroundings): Promise<SocketClient> {
	return runningServer(options, surroundings, "nobody is signed in");
}
