/**
 * What a caller can show of itself, for roles that demand more than any one credential.
 *
 * A request has exactly one credential in its header fields, or none and a certificate; a certificate beside it, the network that it comes from and the
 * groups of its principal are the rest.
 */
import type { Principal } from "./principal.ts";

/** By credential; of these a request never has two. */
export const CREDENTIAL_FACTORS = ["key", "password", "signature", "token", "proxy"] as const;

/** `certificate`: good, and the credential or beside it · `network`: one that the role lists, so that a role without a list lets nobody in. */
export const FACTORS = [...CREDENTIAL_FACTORS, "certificate", "network"] as const;

export type Factor = (typeof FACTORS)[number] | `group:${string}`;

export const FACTOR_OF: Readonly<Record<Principal["kind"], (typeof FACTORS)[number]>> = {
	"api-key": "key",
	htpasswd: "password",
	"ollama-key": "signature",
	"access-token": "token",
	"proxy-user": "proxy",
	certificate: "certificate",
};

const GROUP = "group:";
/** As long as a directory's path to a group may be; a comma parts groups where a proxy lists them. */
export const GROUP_NAME = /^[^\p{C}\s,](?:[^\p{C},]{0,253}[^\p{C}\s,])?$/u;

export function isFactor(text: string): text is Factor {
	return FACTORS.some((factor) => factor === text) || (text.startsWith(GROUP) && GROUP_NAME.test(text.slice(GROUP.length)));
}

/** Null where it is no group. */
export function groupOf(factor: Factor): string | null {
	return factor.startsWith(GROUP) ? factor.slice(GROUP.length) : null;
}
