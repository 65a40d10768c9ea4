/**
 * Who stands before the first proxy that is not ours, by what each proxy wrote down: the field is read from its right end, where our own proxy wrote,
 * leftwards as long as whoever wrote is one of ours. The left end is whatever the caller wrote itself.
 */
import { readIpAddress } from "./ip-address.ts";

/** More proxies of one's own in a row than anybody has; what is longer is not walked through. */
const MOST_HOPS = 32;

/** Canonical address of the caller; null where an entry that counts is no address. `values` are those of all field lines, in order. */
export function lastUntrusted(peer: string, values: readonly string[], isTrusted: (address: string) => boolean): string | null {
	const entries = values.length === 0 ? [] : values.join(",").split(",");
	if (entries.length > MOST_HOPS && entries.slice(-MOST_HOPS).every((entry) => isTrusted(entry.trim()))) return null;
	let caller = peer;
	for (const entry of entries.toReversed()) {
		if (!isTrusted(caller)) return caller;
		const address = readIpAddress(unmapped(entry.trim()));
		if (address === undefined) return null;
		caller = address.text;
	}
	return caller;
}

/** A dual-stack proxy writes `::ffff:a.b.c.d`; two spellings of one address would be two callers. */
function unmapped(text: string): string {
	return text.toLowerCase().startsWith("::ffff:") && text.includes(".") ? text.slice("::ffff:".length) : text;
}
