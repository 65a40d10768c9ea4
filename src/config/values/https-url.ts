/**
 * The address of something at an identity provider. With `exact` it is kept byte for byte, since tokens name their issuer so and are compared so.
 *
 * Whether http on this machine is taken is the section's to say: here both pass, and everything else is refused.
 */
import { readIpAddress } from "../../std/ip-address.ts";
import type { Reading } from "./mistake.ts";
import { textValue } from "./text-value.ts";

export interface HttpsUrl {
	readonly text: string;
	/** http, to this machine. */
	readonly clear: boolean;
}

const HINT = "write it as the identity provider does, with https: https://sso.example.org/realms/main";

export function httpsUrl() {
	return textValue<HttpsUrl>({ title: "https URL", noun: "an https URL", hint: HINT, pattern: "^https?://[^?#@]+$", read: readHttpsUrl });
}

/** Messages never repeat the text: somebody will have pasted a password into it. */
function readHttpsUrl(text: string): Reading<HttpsUrl> {
	const url = /^https?:\/\/[\x21-\x7e]+$/.test(text) && !/[\\?#@]/.test(text) ? URL.parse(text) : null;
	if (url === null) return { message: "is not an https URL without credentials, query and fragment", hint: HINT };
	if (url.protocol === "https:") return { value: { text, clear: false } };
	const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
	if (host === "localhost" || readIpAddress(host)?.loopback === true) return { value: { text, clear: true } };
	return { message: "is http, so that anybody on the way could answer with keys of his own", hint: HINT };
}
