/**
 * What the `ollama` program sends with `OLLAMA_AUTH=1`: `Authorization: <public key>:<signature>`, both base64, and the query `ts=SECONDS`.
 *
 * The signature is Ed25519 over `METHOD,PATH?ts=SECONDS` as they stand in the request line. It covers neither Host nor body.
 *
 *  - One spelling: canonical base64 of exactly 51 and 64 bytes, seconds without a leading zero, and no other key in the query.
 *  - Pure: says what is claimed, not whether it is true.
 */
import type { SignedRequest } from "../../ports/signature-ring.ts";
import { PUBLIC_KEY_LENGTH, PUBLIC_KEY_SHAPE } from "./ssh-public-key.ts";

/** 64 bytes: the last digit before the padding carries two bits. */
const CREDENTIAL = new RegExp(`^${PUBLIC_KEY_SHAPE}:[A-Za-z0-9+/]{85}[AQgw]==$`);
/** Up to the year 33658; a longer one is nobody's clock. */
const QUERY = /^ts=(0|[1-9]\d{0,11})$/;

export interface OllamaSignature {
	readonly publicKey: string;
	/** Base64. */
	readonly signature: string;
	/** Unix seconds by the caller's clock. */
	readonly seconds: number;
	/** What was signed. */
	readonly text: string;
}

/** Null for anything that the program would not send. */
export function readOllamaSignature(credential: string, { method, target, query }: SignedRequest): OllamaSignature | null {
	if (query === null || !CREDENTIAL.test(credential)) return null;
	const seconds = QUERY.exec(query)?.[1];
	if (seconds === undefined) return null;
	return {
		publicKey: credential.slice(0, PUBLIC_KEY_LENGTH),
		signature: credential.slice(PUBLIC_KEY_LENGTH + 1),
		seconds: Number(seconds),
		// Nothing but `?ts=…` follows the path, so the target as sent is what the client signed.
		text: `${method},${target}`,
	};
}
