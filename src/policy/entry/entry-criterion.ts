/** One question that is asked of a caller before its request is looked at. There is nothing to lower yet: it passes or is refused. */
import type { Reason } from "../../model/reason.ts";
import type { Policy, Subject } from "../compile.ts";
import type { Entering } from "../demands.ts";

export interface EntryCriterion {
	/** Permanent, kebab-case; no criterion of requests has the same. */
	readonly id: string;
	readonly title: string;
	/** What breaks where it is left out. */
	readonly why: string;
	readonly reason: Reason;
	/** Why not; null where it passes. */
	refusalOf(policy: Policy, subject: Subject, entering: Entering): string | null;
}

export function defineEntryCriterion(criterion: EntryCriterion): EntryCriterion {
	return Object.freeze(criterion);
}

export const UNTOLD = "it depends on the address, which was not told (--from)";
