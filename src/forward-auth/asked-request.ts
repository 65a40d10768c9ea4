/**
 * The request that a proxy asks about, out of its question.
 *
 *  - It is read by the same strict reader as a request on the wire: what that refuses is refused here, with the same words.
 *  - Fields are the question's own, since proxies hand on the caller's. Whose request it is comes from the right end of `X-Forwarded-For`: the proxy
 *    itself wrote that, whatever stands to its left. A proxy that does not say it is not answered, or every caller would have the proxy's address.
 */
import { readIpAddress } from "../std/ip-address.ts";
import type { HeaderFields } from "../wire/header-fields.ts";
import type { RequestHead, WireLimits } from "../wire/message.ts";
import { RequestReader } from "../wire/request-reader.ts";
import { type AskingProxy, only, type Told } from "./asking-proxy.ts";

export interface AskedRequest {
	readonly head: RequestHead;
	/** Address of the caller, as the proxy saw it. */
	readonly peer: string;
	/** Whether the caller came to the proxy over TLS. */
	readonly encrypted: boolean;
}

/** `malformed` names the rule, for the record. */
export function readAsked(question: RequestHead, proxy: AskingProxy, limits: WireLimits): AskedRequest | { readonly malformed: string } {
	const told = proxy.told(question);
	if (told === null) return { malformed: `${proxy.name} does not name method and target exactly once` };
	const peer = peerOf(question.fields);
	if (peer === null) return { malformed: `${proxy.name} does not say whose request it is (X-Forwarded-For)` };
	const head = headOf(told, limits);
	if ("malformed" in head) return head;
	const { fields, framing } = question;
	return {
		head: { ...head, fields, framing, keepAlive: true, expectsContinue: false },
		peer,
		encrypted: only(fields, "x-forwarded-proto")?.toLowerCase() === "https",
	};
}

function headOf({ method, target, host }: Told, limits: WireLimits): RequestHead | { readonly malformed: string } {
	const reader = new RequestReader(limits);
	const lines = host === null ? [`${method} ${target} HTTP/1.0`] : [`${method} ${target} HTTP/1.1`, `Host: ${host}`];
	// Field values hold no line ends, so nothing that was told can become a line of its own; what can become another word is compared below.
	reader.push(Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"));
	const part = reader.next();
	if (part?.kind === "refused") return { malformed: `the request asked about: ${part.detail}` };
	if (part?.kind !== "head" || part.head.method !== method || part.head.target !== target)
		return { malformed: "no request is asked about" };
	return part.head;
}

function peerOf(fields: HeaderFields): string | null {
	const last = fields.all("x-forwarded-for").join(",").split(",").at(-1)?.trim() ?? "";
	const address = readIpAddress(last.startsWith("::ffff:") && last.includes(".") ? last.slice("::ffff:".length) : last);
	return address?.text ?? null;
}
