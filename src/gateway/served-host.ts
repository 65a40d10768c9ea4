import { readIpAddress } from "../std/ip-address.ts";

/**
 * Whether this server answers for a Host, as the reader hands it out: in lower case, "" where an HTTP/1.0 request named none.
 *
 * DNS rebinding (CVE-2024-28224): a page's own name, made to point here, must not be answered. An address cannot be rebound.
 */
export function isServed(host: string, names: ReadonlySet<string>): boolean {
	let answers = known.get(names);
	if (answers === undefined) {
		answers = new Map();
		known.set(names, answers);
	}
	let served = answers.get(host);
	if (served === undefined) {
		served = judge(host, names);
		// Whoever makes hosts up pushes out the others, which then cost what they cost before.
		if (answers.size >= MOST_KNOWN) answers.clear();
		answers.set(host, served);
	}
	return served;
}

/** Answers for each configuration's names: callers use a handful of hosts, and every request has one. */
const known = new WeakMap<ReadonlySet<string>, Map<string, boolean>>();
const MOST_KNOWN = 100;

function judge(host: string, names: ReadonlySet<string>): boolean {
	const name = nameIn(host);
	return name === "" || names.has(name) || readIpAddress(name) !== undefined;
}

function nameIn(host: string): string {
	if (host.startsWith("[")) return host.slice(1, host.indexOf("]"));
	const colon = host.indexOf(":");
	return colon === -1 ? host : host.slice(0, colon);
}
