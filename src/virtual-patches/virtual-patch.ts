/**
 * A virtual patch: one known attack on Ollama, told apart from honest use by the request alone, and stopped for every role.
 *
 *  - Pure and bounded: `applies` looks at a request that is already understood, never throws and never waits.
 *  - It holds on any release of Ollama. A release that has the fix loses nothing; one that has not is covered.
 *  - Ids are permanent and begin with the generic rule that they carry out (`VP-G3-…`).
 */
import type { CreateSpec } from "../model/policy-spec.ts";
import type { JudgedRequest } from "../ollama/judged-request.ts";
import type { AdvisoryId } from "./advisories.ts";

export interface VirtualPatch {
	readonly id: string;
	readonly title: string;
	/** What happens to an unpatched Ollama that receives such a request. */
	readonly why: string;
	/** Empty only for an abuse that nobody gave a number. */
	readonly advisories: readonly AdvisoryId[];
	/** Release of Rempart that brought it. */
	readonly since: string;
	/** The setting of `policy.create` that switches it off, for the two patches that stop something an operator may really want. */
	readonly unless: keyof CreateSpec | null;
	/** Ids of the operations that it concerns; null concerns all. It is not asked about others. */
	readonly operations: readonly string[] | null;
	/** Null where the request is not of this kind. `detail` is for the record alone. */
	applies(judged: JudgedRequest): Stop | null;
}

export interface Stop {
	readonly stop: true;
	readonly detail: string;
}

export function definePatch(patch: VirtualPatch): VirtualPatch {
	return Object.freeze(patch);
}

export function stop(detail: string): Stop {
	return { stop: true, detail };
}
