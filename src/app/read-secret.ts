/** A secret that the configuration names by where it is kept. Read at the start and with each reload; nothing else of the environment is looked at. */
import type { SecretReference } from "../config/values/secret-reference.ts";
import { HintedError } from "../std/hinted-error.ts";
import { Secret } from "../std/secret.ts";
import { readNamedFile } from "./read-named-file.ts";

const MOST_CHARACTERS = 8 * 1024;

/** Throws a HintedError where there is none. `setting` is what names it, for the message; the secret is in no message. */
export async function readSecret(reference: SecretReference, setting: string): Promise<Secret> {
	const text = "env" in reference ? (process.env[reference.env] ?? "") : await readNamedFile(reference.file, setting);
	// An editor ends a file with a line end, which is no part of it.
	const secret = text.replace(/\r?\n$/, "");
	const where = "env" in reference ? `the variable ${reference.env}` : reference.file;
	if (secret === "") throw new HintedError(`${setting}: ${where} holds no secret`, "put the secret there, or name another place");
	if (secret.length > MOST_CHARACTERS || /[\0\r\n]/.test(secret))
		throw new HintedError(`${setting}: ${where} does not hold one line of text`, "put the secret there, and nothing else");
	return new Secret(secret);
}
