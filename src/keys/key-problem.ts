/**
 * Why an administrative act on keys was not carried out: data, so that the command line prints `error:` and `hint:` and the admin API a problem
 * document, from the same words.
 */
export const KEY_PROBLEMS = [
	"name-invalid",
	"name-taken",
	"role-unknown",
	"models-invalid",
	"groups-invalid",
	"expiry-invalid",
	"overlap-invalid",
	"key-unknown",
	"key-revoked",
	"key-expired",
	"principal-unknown",
	"public-key-invalid",
	"public-key-taken",
	"certificate-not-issued",
	"not-recorded",
	"not-stored",
] as const;
export type KeyProblemCode = (typeof KEY_PROBLEMS)[number];

export interface KeyProblem {
	readonly code: KeyProblemCode;
	/** What is wrong. Names what the administrator typed; never a secret. */
	readonly message: string;
	/** What to do next. */
	readonly hint: string;
}

export type Administered<T> = { readonly done: true; readonly value: T } | { readonly done: false; readonly problem: KeyProblem };

export function done<T>(value: T): Administered<T> {
	return { done: true, value };
}

export function notDone(code: KeyProblemCode, message: string, hint: string): { readonly done: false; readonly problem: KeyProblem } {
	return { done: false, problem: { code, message, hint } };
}
