/**
 * The head of an answer, built from nothing: what of the upstream's fields passes, and what is ours.
 *
 * An allow-list, because the next release of a server may add a field that says more than a caller should know.
 */
import type { HeaderFields } from "../wire/header-fields.ts";

const PASSED: ReadonlySet<string> = new Set(["content-type", "date", "cache-control", "retry-after", "last-modified"]);

export function answerFields(upstream: HeaderFields, ours: readonly (readonly [string, string])[]): readonly (readonly [string, string])[] {
	const fields: (readonly [string, string])[] = [];
	for (let at = 0; at < upstream.size; at++) {
		const name = upstream.nameAt(at);
		if (PASSED.has(name)) fields.push([name, upstream.valueAt(at)]);
	}
	for (const field of ours) fields.push(field);
	return fields;
}
