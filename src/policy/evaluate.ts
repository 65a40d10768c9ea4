/**
 * evaluate: may this principal do this?
 *
 *  - Walks every criterion that the operation can fall under, in order; the first refusal is the answer. There is no criterion that permits, only the
 *    end of the list.
 *  - A permit is a `Grant`. Nothing else makes one: the class does not leave this file, so whoever holds one has been through here.
 *  - What is forwarded is the grant's request, not the one that came in: bounds may have been lowered.
 *  - Pure and bounded. It throws on a bug only, and a throw is not a permit.
 */
import { type Decision, permit } from "../model/decision.ts";
import type { Principal } from "../model/principal.ts";
import type { Standing } from "../model/priority.ts";
import type { JudgedRequest } from "../ollama/judged-request.ts";
import type { Operation } from "../ollama/operation.ts";
import type { Policy, Subject, View } from "./compile.ts";
import { CRITERIA } from "./criteria/index.ts";
import type { Criterion } from "./criterion.ts";

class MintedGrant {
	/** Private so that an object of the same shape is no grant. */
	readonly #view: View;
	/** What is sent upstream. */
	readonly request: JudgedRequest;
	/** What was lowered, for the record. */
	readonly amendments: readonly string[];
	/** Its turn where requests wait. */
	readonly standing: Standing;

	constructor(request: JudgedRequest, amendments: readonly string[], { view, standing }: Subject) {
		this.request = request;
		this.amendments = amendments;
		this.#view = view;
		this.standing = standing;
	}

	/** What of the answer the caller may see. */
	get view(): View {
		return this.#view;
	}
}

export type Grant = MintedGrant;

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

/** Compiled criteria of each policy, subject and operation, as they are met; of the latter two there are few. */
const plans = new WeakMap<Policy, WeakMap<Subject, Map<string, readonly Criterion[]>>>();

/** The criteria that can say anything but "pass" of an operation. A test holds `evaluate` against all of them. */
function planOf(policy: Policy, subject: Subject, operation: Operation): readonly Criterion[] {
	let subjects = plans.get(policy);
	if (subjects === undefined) {
		subjects = new WeakMap();
		plans.set(policy, subjects);
	}
	let operations = subjects.get(subject);
	if (operations === undefined) {
		operations = new Map();
		subjects.set(subject, operations);
	}
	let plan = operations.get(operation.id);
	if (plan === undefined) {
		plan = CRITERIA.filter((criterion) => criterion.concerns?.({ policy, subject, operation }) ?? true);
		operations.set(operation.id, plan);
	}
	return plan;
}

const NO_AMENDMENTS: readonly string[] = Object.freeze([]);

/** The one walk of `evaluate` and `explain`; `steps` receives every step where it is not null. */
export function walk(policy: Policy, principal: Principal, judged: JudgedRequest, steps: Step[] | null): Decision<Grant> {
	const subject = policy.subjectOf(principal);
	const question = { policy, subject, judged };
	let amendments = NO_AMENDMENTS;
	// Whoever wants to see the steps sees them all.
	const criteria = steps === null ? planOf(policy, subject, judged.operation) : CRITERIA;
	for (const criterion of criteria) {
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
	return permit(new MintedGrant(question.judged, amendments, subject));
}
