/** `logout`: ends the session at the server and forgets its token here. What the server cannot be told is forgotten here all the same. */
import type { Command } from "commander";

import { HintedError } from "../../std/hinted-error.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { adminOriginOf } from "../remote/admin-url.ts";
import { readLogins, writeLogin } from "../remote/logins.ts";
import { authoritiesOf } from "../remote/reach.ts";
import { Refused, SocketClient } from "../socket-client.ts";
import type { GlobalOptions } from "../surroundings.ts";
import { addVerb, type Invocation, type Session } from "../verb.ts";

export function defineLogout(parent: Command, session: Session): void {
	addVerb(parent, session, "logout [url]", "sign out where this command line is signed in", logout);
}

async function logout({ options, words: [url], surroundings }: Invocation<GlobalOptions>): Promise<ExitCode> {
	const { terminal } = surroundings;
	const logins = await readLogins(surroundings);
	const [only] = logins.keys();
	if (url === undefined && logins.size > 1)
		throw new HintedError("there are several servers to sign out of", `name one of them: ${[...logins.keys()].join(", ")}`);
	const origin = url === undefined ? only : adminOriginOf(url);
	const login = origin === undefined ? undefined : logins.get(origin);
	if (origin === undefined || login === undefined) {
		terminal.note(`nobody is signed in${origin === undefined ? "" : ` at ${origin}`}`);
		return EXIT.done;
	}
	let told = true;
	try {
		await new SocketClient({ origin, token: login.token, authorities: await authoritiesOf(login.authorities) }).post("/sign-out");
	} catch (error) {
		// Where the session is over already, that is what was wanted.
		told = error instanceof Refused && error.code === "sign-in-required";
		if (!told)
			terminal.warn(
				`the server could not be told: ${error instanceof Error ? error.message : String(error)}`,
				"the session ends there by itself",
			);
	}
	await writeLogin(surroundings, origin, null);
	if (options.json === true) terminal.object({ admin: origin, signedOut: told });
	else terminal.line(`signed out at ${origin}`);
	return EXIT.done;
}
