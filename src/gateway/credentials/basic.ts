/**
 * Basic credentials (RFC 7617): a key as the password, or a user's own password.
 *
 *  - Which of the two, the password's beginning alone says. Were it the user's name, the time of an answer would tell which names exist.
 *  - A user's password is a credential together with the name, so that neither stands for the other when two fields are compared.
 *  - Strict base64 with its padding, and its only spelling; UTF-8 alone, since a second reading of the same bytes is a second credential.
 */
import { Buffer, isUtf8 } from "node:buffer";
import { SECRET_PREFIX } from "../../model/api-key.ts";
import { type Decision, deny, permit } from "../../model/decision.ts";
import type { PasswordChecker, PasswordVerdict } from "../../ports/password-checker.ts";
import { type Identified, identifiedAs, type Received } from "../exchange.ts";

/** `-` and `_` are not in its alphabet. */
const BASIC = /^basic +([A-Za-z0-9+/]*={0,2})$/i;
const CONTROL = /\p{Cc}/u;
/** Before `user:password`. No field's value and no token holds it. */
const USER_MARK = "\n";

/** The key, or the mark and `user:password`, or "" for what cannot be read. Without passwords the user is of no matter. */
export function basicCredential(authorization: string, passwords: boolean): string {
	const encoded = BASIC.exec(authorization)?.[1] ?? "";
	const decoded = Buffer.from(encoded, "base64");
	// A second encoding of the same bytes is a second spelling of the same credential, and a way to look different to two readers.
	if (decoded.toString("base64") !== encoded) return "";
	const text = decoded.toString("utf8");
	const colon = text.indexOf(":");
	if (colon === -1 || CONTROL.test(text)) return "";
	if (!passwords || text.startsWith(SECRET_PREFIX, colon + 1)) return text.slice(colon + 1);
	return isUtf8(decoded) ? USER_MARK + text : "";
}

export function isUserPassword(credential: string): boolean {
	return credential.startsWith(USER_MARK);
}

/** At once where the credential is remembered, else when its turn has come and its hash is computed; a caller who leaves gives the turn up. */
export function identifyUser(
	received: Received,
	credential: string,
	passwords: PasswordChecker,
): Decision<Identified> | Promise<Decision<Identified>> {
	const { caller } = received;
	const colon = credential.indexOf(":");
	const verdict = passwords.verify(credential.slice(USER_MARK.length, colon), credential.slice(colon + 1), caller.peer);
	if (!("giveUp" in verdict)) return decided(received, verdict);
	caller.departureListener = { callerLeft: () => verdict.giveUp() };
	return verdict.verdict
		.finally(() => {
			caller.departureListener = null;
		})
		.then((late) => decided(received, late));
}

function decided(received: Received, verdict: PasswordVerdict): Decision<Identified> {
	if ("refused" in verdict) return deny(verdict.refused, verdict.detail, verdict.retryAfterMs);
	return permit(identifiedAs(received, verdict.principal));
}
