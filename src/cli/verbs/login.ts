/**
 * `login`: signs this command line in at a server elsewhere, by the browser on this computer, or with `--device` by one on another.
 *
 * What it gets is kept in a file of this user's and printed nowhere; verbs that administer use it with `--admin`.
 */
import { resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";

import { HintedError } from "../../std/hinted-error.ts";
import { Secret } from "../../std/secret.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { shownMoment } from "../lifetime.ts";
import { adminOriginOf } from "../remote/admin-url.ts";
import { codeByBrowser } from "../remote/browser-sign-in.ts";
import { readLogins, writeLogin } from "../remote/logins.ts";
import { authoritiesOf } from "../remote/reach.ts";
import { Refused, SocketClient } from "../socket-client.ts";
import type { GlobalOptions } from "../surroundings.ts";
import { printable, type Terminal } from "../terminal.ts";
import { addVerb, type Invocation, type Session } from "../verb.ts";

interface Options extends GlobalOptions {
	readonly device?: boolean;
	readonly ca?: string;
}

interface TokenAnswer {
	readonly token: string;
	readonly name: string;
	readonly role: string;
	readonly expiresAt: number;
}

interface DeviceAnswer {
	readonly deviceCode: string;
	readonly userCode: string;
	readonly expiresInMs: number;
	readonly intervalMs: number;
	readonly page: string;
}

const LOCAL_ADMIN = "http://127.0.0.1:11436";

export function defineLogin(parent: Command, session: Session): void {
	addVerb<Options>(
		parent,
		session,
		"login [url]",
		`sign in at a server (default: ${LOCAL_ADMIN}), to administer it from here with --admin`,
		login,
	)
		.option("--device", "by a browser on another machine: shows a code to type there")
		.option("--ca <file>", "PEM file of the authority that vouches for the server's certificate");
}

async function login({ options, words: [url = LOCAL_ADMIN], surroundings }: Invocation<Options>): Promise<ExitCode> {
	const { terminal } = surroundings;
	const origin = adminOriginOf(url);
	const authorities = options.ca === undefined ? null : resolve(options.ca);
	const client = new SocketClient({ origin, token: null, authorities: await authoritiesOf(authorities) });
	// Before anybody is sent to a browser: a file that cannot be trusted is to be put right first.
	await readLogins(surroundings);
	await refuseWhereNobodySignsIn(client, origin);
	const enough = new AbortController();
	for (const signal of ["SIGINT", "SIGTERM"] as const) surroundings.onSignal(signal, () => enough.abort());
	const got =
		options.device === true ? await byDevice(client, terminal, enough.signal) : await byBrowser(client, origin, terminal, enough.signal);
	const { token, name, role, expiresAt } = got;
	await writeLogin(surroundings, origin, { token: new Secret(token), name, role, expiresAt, authorities });
	if (options.json === true) terminal.object({ admin: origin, name, role, expiresAt });
	else terminal.line(`signed in at ${origin} as ${printable(name)} with the role ${role}, until ${shownMoment(expiresAt)}`);
	return EXIT.done;
}

/** A server where people sign in refuses a question without a code as such; any other would leave somebody waiting before a page that is not there. */
async function refuseWhereNobodySignsIn(client: SocketClient, origin: string): Promise<void> {
	try {
		await client.post("/sign-in/token");
	} catch (error) {
		if (!(error instanceof Refused)) throw error;
		if (error.code !== "not-found") return;
		const hint = "name the address of its admin listener (admin.sign_in.public_url), and set admin.sign_in there";
		throw new HintedError(`people do not sign in at ${origin}`, hint, { cause: error });
	}
}

async function byBrowser(client: SocketClient, origin: string, terminal: Terminal, signal: AbortSignal): Promise<TokenAnswer> {
	const show = (page: string): void => {
		terminal.note("open this in the browser on this computer, and say yes there:");
		terminal.note(page);
	};
	return await client.post<TokenAnswer>("/sign-in/token", await codeByBrowser(origin, show, signal));
}

async function byDevice(client: SocketClient, terminal: Terminal, signal: AbortSignal): Promise<TokenAnswer> {
	const { deviceCode, userCode, expiresInMs, intervalMs, page } = await client.post<DeviceAnswer>("/sign-in/device");
	terminal.note(`open ${printable(page)} in any browser, and type this code there:`);
	terminal.note(printable(userCode));
	const rounds = Math.ceil(expiresInMs / intervalMs);
	for (let round = 0; round < rounds && !signal.aborted; round++) {
		try {
			return await client.post<TokenAnswer>("/sign-in/device/token", { deviceCode });
		} catch (error) {
			if (!(error instanceof Refused) || error.code !== "code-pending") throw error;
		}
		// An interrupted wait is no error; the loop ends with it.
		await delay(intervalMs, undefined, { signal }).catch(() => undefined);
	}
	throw new HintedError("nobody confirmed the code", "run it again: rempart login --device");
}
