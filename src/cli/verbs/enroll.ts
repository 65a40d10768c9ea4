/**
 * `enroll`: a client certificate for one caller, as PEM and as PKCS#12.
 *
 *  - The private key is made here and leaves here, this once; nothing of it is kept. With `--json` everything is on standard output and no file is written.
 *  - Files are new, readable by their owner alone; one that is there already is never overwritten.
 */
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { access, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";

import { HintedError } from "../../std/hinted-error.ts";
import { Secret } from "../../std/secret.ts";
import type { Enrolled } from "../administration.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { addGrantOptions, type GrantOptions, grantOf } from "../grant.ts";
import { reportKeyProblem } from "../key-text.ts";
import { openAdministration } from "../open-administration.ts";
import { principalLines } from "../principal-text.ts";
import type { Terminal } from "../terminal.ts";
import { addVerb, type Invocation, type Session } from "../verb.ts";

interface Options extends GrantOptions {
	readonly out: string;
}

const LIFETIME = "365d";
/** Without those that are taken for each other: 32 of them, five bits each. */
const PASSWORD_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyzA";
const PASSWORD_LENGTH = 20;

export function defineEnroll(parent: Command, session: Session): void {
	const verb = addVerb<Options>(parent, session, "enroll", "issue a client certificate, as PEM and PKCS#12", enroll);
	addGrantOptions(verb, { name: "phone of ada", lifetime: LIFETIME }).option("--out <directory>", "where the files go", ".");
}

async function enroll({ options, surroundings }: Invocation<Options>): Promise<ExitCode> {
	const { terminal, clock } = surroundings;
	const grant = grantOf({ ...options, expires: options.expires ?? LIFETIME }, clock());
	if (options.json !== true) await assertWritable(options.out);
	await using administration = await openAdministration(options, surroundings, { create: true });
	const enrolled = await administration.enrol(grant);
	if (!enrolled.done) return reportKeyProblem(enrolled.problem, terminal);
	const password = makePassword();
	const { pkcs12Of } = await import("../../http/tls/pkcs12.ts");
	const { principal, certificate, key, authority, asked } = enrolled.value;
	const pkcs12 = await pkcs12Of({ certificate, key: key.reveal(), authority, name: principal.name }, password);
	if (!asked) {
		terminal.warn("the gateway asks nobody for a certificate yet", "set identities.certificates.ask: true and restart it");
	}
	if (options.json === true) {
		const secrets = { key: key.reveal(), pkcs12: pkcs12.toString("base64"), password: password.reveal() };
		terminal.object({ ...principal, certificate, authority, ...secrets });
	} else await writeFiles(enrolled.value, { pkcs12, password, directory: options.out }, terminal);
	return EXIT.done;
}

async function writeFiles(
	{ principal, certificate, key, authority }: Enrolled,
	{ pkcs12, password, directory }: { readonly pkcs12: Buffer; readonly password: Secret; readonly directory: string },
	terminal: Terminal,
): Promise<void> {
	const files = [
		[`${principal.id}.pem`, certificate + authority],
		[`${principal.id}.key.pem`, key.reveal()],
		[`${principal.id}.p12`, pkcs12],
	] as const;
	try {
		for (const [name, content] of files) await writeFile(join(directory, name), content, { mode: 0o600, flag: "wx" });
	} catch (cause) {
		const why = cause instanceof Error ? cause.message : String(cause);
		throw new HintedError(
			`${principal.id} is enrolled, but its files could not be written: ${why}`,
			`remove it and enroll again: rempart principal remove ${principal.id}`,
			{ cause },
		);
	}
	for (const line of principalLines(principal)) terminal.note(line);
	for (const [name] of files) terminal.note(`wrote ${join(directory, name)}`);
	terminal.note(`curl --cert ${join(directory, files[0][0])} --key ${join(directory, files[1][0])} --cacert CA …`);
	terminal.note("the password of the .p12 file, shown this once:");
	terminal.line(password.reveal());
}

/** Before anything is issued: a certificate whose key is lost is of no use to anybody. */
async function assertWritable(directory: string): Promise<void> {
	try {
		await mkdir(directory, { recursive: true, mode: 0o700 });
		await access(directory, constants.W_OK | constants.X_OK);
	} catch (cause) {
		const why = cause instanceof Error ? cause.message : String(cause);
		throw new HintedError(`files cannot be written to ${directory}: ${why}`, "choose another directory with --out", { cause });
	}
}

function makePassword(): Secret {
	return new Secret(Array.from(randomBytes(PASSWORD_LENGTH), (byte) => PASSWORD_ALPHABET.charAt(byte % PASSWORD_ALPHABET.length)).join(""));
}
