/** Where a secret lies: "env:NAME" or "file:/path". Never the secret itself, which would end up in backups, in lists of differences and on screens. */
import type { Reading } from "./mistake.ts";
import { textValue } from "./text-value.ts";

export type SecretReference = { readonly env: string } | { readonly file: string };

const HINT = "name where it lies: file:/etc/rempart/client-secret, or env:NAME for a variable of the environment";

export function secretReference() {
	return textValue<SecretReference>({
		title: "secret by reference",
		noun: "where a secret lies",
		hint: HINT,
		pattern: "^(env:[A-Za-z_][A-Za-z0-9_]*|file:/.+)$",
		read: readSecretReference,
	});
}

/** Messages never repeat the text: it may be the secret. */
export function readSecretReference(text: string): Reading<SecretReference> {
	const [, variable] = /^env:([A-Za-z_][A-Za-z0-9_]{0,255})$/.exec(text) ?? [];
	if (variable !== undefined) return { value: { env: variable } };
	const [, path] = /^file:((?:\/|[A-Za-z]:[\\/])[^\0]+)$/s.exec(text) ?? [];
	if (path !== undefined) return { value: { file: path } };
	if (text.startsWith("file:")) return { message: "the path of the secret is not absolute", hint: HINT };
	return { message: "this does not say where the secret lies", hint: HINT };
}
