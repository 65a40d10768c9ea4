/** Files that the configuration names. Each throws a HintedError that says which setting named it, and nothing of what is in it. */
import { readFile } from "node:fs/promises";

import { HintedError } from "../std/hinted-error.ts";

export async function readNamedFile(file: string, setting: string): Promise<string> {
	try {
		return await readFile(file, "utf8");
	} catch (cause) {
		const why = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
		throw new HintedError(`${setting}: ${file} cannot be read: ${why}`, "check the path and who may read it", { cause });
	}
}

/** PEM of authorities. One without a certificate would be taken for "trust nobody", and only when somebody is asked. */
export async function readAuthoritiesFile(file: string, setting: string): Promise<string> {
	const text = await readNamedFile(file, setting);
	if (!text.includes("-----BEGIN CERTIFICATE-----"))
		throw new HintedError(`${setting}: ${file} holds no certificate`, "name a PEM file of the authority's certificate");
	return text;
}
