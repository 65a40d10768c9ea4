/**
 * A criterion: one question that every request is asked after its caller is known. It passes, refuses, or lowers what was asked for.
 *
 *  - Pure: the same question has the same answer, whenever and in whatever order of requests it is put.
 *  - A criterion that does not concern a request passes it; only passing all of them is a permit.
 */
import { type Deny, deny } from "../model/decision.ts";
import type { Reason } from "../model/reason.ts";
import type { JudgedRequest } from "../ollama/judged-request.ts";
import type { Operation } from "../ollama/operation.ts";
import type { AdvisoryId } from "../virtual-patches/advisories.ts";
import type { Policy, Subject } from "./compile.ts";

export interface Criterion {
	/** Permanent, kebab-case. */
	readonly id: string;
	readonly title: string;
	/** What breaks where it is left out. */
	readonly why: string;
	/** The reasons it can refuse with. */
	readonly reasons: readonly Reason[];
	/** Advisories that it stops by itself. */
	readonly advisories: readonly AdvisoryId[];
	/**
	 * Whether it can say anything but "pass" of this operation, asked once for each subject and operation. Left out: always.
	 * What it says must hold for every body that the operation can have.
	 */
	concerns?(asked: Asked): boolean;
	judge(question: Question): Verdict;
}

/** What is known of a question before there is a request. */
export interface Asked {
	readonly policy: Policy;
	readonly subject: Subject;
	readonly operation: Operation;
}

export interface Question {
	readonly policy: Policy;
	readonly subject: Subject;
	/** As the criteria before this one left it. */
	readonly judged: JudgedRequest;
}

export type Verdict =
	| { readonly kind: "pass" }
	| { readonly kind: "deny"; readonly deny: Deny }
	| { readonly kind: "amend"; readonly judged: JudgedRequest; readonly what: readonly string[] };

export const PASS: Verdict = Object.freeze({ kind: "pass" });

export function refuse(reason: Reason, detail: string): Verdict {
	return { kind: "deny", deny: deny(reason, detail) };
}

export function amend(judged: JudgedRequest, what: readonly string[]): Verdict {
	return { kind: "amend", judged, what };
}

export function defineCriterion(criterion: Criterion): Criterion {
	return Object.freeze(criterion);
}
