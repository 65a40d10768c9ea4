/** How one kind of proxy asks whether a request may pass, and what it makes of the answer: one file a kind under `proxies/`. */
import type { HeaderFields } from "../wire/header-fields.ts";
import type { RequestHead } from "../wire/message.ts";

export interface AskingProxy {
	/** It asks at `/auth/<name>`. */
	readonly name: string;
	/** Whether the path is one that it asks at. */
	asksAt(path: string): boolean;
	/** What it says of the request that it holds; null where it does not say it exactly once. */
	told(question: RequestHead): Told | null;
	/** Whether the question's body is the whole body of that request. */
	showsBody(question: RequestHead): boolean;
	/** The status that reaches the caller best, for one of ours. */
	refusalStatus(status: number): number;
	/** True where the caller never gets the body of a refusal, so that its text goes into a field. */
	readonly dropsBody: boolean;
}

/** As told, and not read yet. */
export interface Told {
	readonly method: string;
	/** Path and query. */
	readonly target: string;
	/** Null where the request named none, which only HTTP/1.0 may. */
	readonly host: string | null;
}

/**
 * The one value of a field; null where it is missing, and where there are two: a caller's own beside the proxy's, of which each reader would take
 * another (oauth2-proxy GHSA-7x63-xv5r-3p2x).
 */
export function only(fields: HeaderFields, name: string): string | null {
	const [value, ...others] = fields.all(name);
	return value === undefined || others.length > 0 ? null : value;
}

/** For proxies that tell in a pair of fields. The host is in `x-forwarded-host` with all of them. */
export function toldIn({ fields }: RequestHead, methodField: string, targetField: string): Told | null {
	const method = only(fields, methodField);
	const target = only(fields, targetField);
	const hosts = fields.all("x-forwarded-host");
	return method === null || target === null || hosts.length > 1 ? null : { method, target, host: hosts[0] ?? null };
}
