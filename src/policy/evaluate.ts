/**
 * evaluate: may this principal do this?
 *
 *  - Walks every criterion in order; the first refusal is the answer. There is no criterion that permits, only the end of the list.
 *  - A permit is a `Grant`. Nothing else makes one: the class does not leave this file, so whoever holds one has been through here.
 *  - What is forwarded is the grant's request, not the one that came in: bounds may have been lowered.
 *  - Pure and bounded. It throws on a bug only, and a throw is not a permit.
 */
import { type Decision, permit } from "../model/decision.ts";
import type { Principal } from "../model/principal.ts";
import type { JudgedRequest } from "../ollama/judged-request.ts";
import type { Policy, View } from "./compile.ts";
import { CRITERIA } from "./criteria/index.ts";

class MintedGrant {
	readonly #minted = true;
	/** The role that permitted it. */
	readonly rule: string;
	/** What is sent upstream. */
	readonly request: JudgedRequest;
	/** What was lowered, for the record. */
	readonly amendments: readonly string[];
	/** What of the answer the caller may see. */
	readonly view: View;

	constructor(rule: string, request: JudgedRequest, amendments: readonly string[], view: View) {
		this.rule = rule;
		this.request = request;
		this.amendments = amendments;
		this.view = view;
	}

	/** Tells a grant from an object of the same shape. */
	static isMinted(value: unknown): value is MintedGrant {
		return typeof value === "object" && value !== null && #minted in value && value.#minted;
	}
}

export type Grant = MintedGrant;

export function isGrant(value: unknown): value is Grant {
	return MintedGrant.isMinted(value);
}

/** What one criterion made of the request; `explain` prints these. */
export interface Step {
	readonly criterion: string;
	readonly title: string;
	readonly outcome: "pass" | "amend" | "deny";
	readonly detail: string | null;
}

export function evaluate(policy: Policy, principal: Principal, judged: JudgedRequest): Decision<Grant> {
	return walk(policy, principal, judged, null);
}

const NO_AMENDMENTS: readonly string[] = Object.freeze([]);

/** The one walk of `evaluate` and `explain`; `steps` receives every step where it is not null. */
export function walk(policy: Policy, principal: Principal, judged: JudgedRequest, steps: Step[] | null): Decision<Grant> {
	const subject = policy.subjectOf(principal);
	const question = { policy, subject, judged };
	let amendments = NO_AMENDMENTS;
	for (const criterion of CRITERIA) {
		const { id, title } = criterion;
		const verdict = criterion.judge(question);
		switch (verdict.kind) {
			case "deny":
				steps?.push({ criterion: id, title, outcome: "deny", detail: verdict.deny.detail });
				return verdict.deny;
			case "amend":
				steps?.push({ criterion: id, title, outcome: "amend", detail: verdict.what.join("; ") });
				question.judged = verdict.judged;
				amendments = [...amendments, ...verdict.what];
				break;
			case "pass":
				steps?.push({ criterion: id, title, outcome: "pass", detail: null });
				break;
		}
	}
	return permit(new MintedGrant(subject.role, question.judged, amendments, subject.view));
}
