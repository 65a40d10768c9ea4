/**
 * Why a request would be allowed or refused: the same understanding and the same policy walk as for a real one, run without running it.
 *
 * The server and the offline command line both ask here, so they cannot come to different answers.
 */
import type { ExplainProblem, ExplainRequest, Explanation } from "../admin/admin-deps.ts";
import type { PrincipalAdmin } from "../keys/enrolled/principal-admin.ts";
import type { MemoryKeyRing } from "../keys/key-ring.ts";
import type { Deny } from "../model/decision.ts";
import { NO_GROUPS, type Principal } from "../model/principal.ts";
import { REASONS } from "../model/reason.ts";
import { findOperation } from "../ollama/operations.ts";
import { serialise, type UnderstandLimits, understand } from "../ollama/understand.ts";
import type { Policy } from "../policy/compile.ts";
import { explain } from "../policy/explain.ts";

export interface ExplainDeps {
	readonly policy: Policy;
	readonly keys: Pick<MemoryKeyRing, "find">;
	/** Absent where only what a role may do can be asked. */
	readonly principals?: Pick<PrincipalAdmin, "find">;
	readonly limits: UnderstandLimits;
}

interface Subject {
	readonly principal: Principal;
	readonly label: string;
}

export function explainRequest(request: ExplainRequest, deps: ExplainDeps): Explanation | ExplainProblem {
	const subject = subjectOf(request, deps);
	if ("problem" in subject) return subject;
	const { principal, label } = subject;
	const about = { subject: label, role: principal.role };

	const path = request.path.split("?", 1)[0] ?? "";
	const found = findOperation(request.method, path);
	if ("unknown" in found) {
		const reason = found.unknown === "path" ? "operation-unknown" : "method-not-allowed";
		return {
			...about,
			...NOTHING,
			...refused({ reason, detail: `${request.method} ${path}` }),
			rules: [rule("operation", "the operation is in the table", "refused", null)],
		};
	}
	const { operation, parameter } = found;
	const body = request.body === null || request.body === "" ? null : Buffer.from(request.body, "utf8");
	const input = {
		operation,
		parameter,
		method: request.method,
		contentType: "application/json",
		body: operation.body === "blob" ? null : body,
		bodyLength: null,
	};
	const judged = understand(input, deps.limits);
	const operationFields = { operation: operation.id, class: operation.class };
	const known = rule("operation", "the operation is in the table", "passed", operation.id);
	if (!judged.permitted) {
		const rules = [known, rule("body", "the body is understood", "refused", judged.detail)];
		return { ...about, ...NOTHING, ...operationFields, ...refused(judged), rules };
	}

	const { decision, steps } = explain(deps.policy, principal, judged.value);
	const verdicts = { pass: "passed", amend: "amended", deny: "refused" } as const;
	const rules = [
		known,
		rule("body", "the body is understood", "passed", null),
		...steps.map((step) => rule(step.criterion, step.title, verdicts[step.outcome], step.detail)),
	];
	const models = judged.value.models.map(({ name, field }) => ({ name: name.full, field }));
	const shared = { ...about, ...operationFields, models, rules };
	if (!decision.permitted) return { ...shared, ...refused(decision), amended: null };
	const sent = decision.value.amendments.length === 0 ? null : (serialise(decision.value.request)?.body.toString() ?? null);
	return { ...shared, permitted: true, reason: null, status: null, detail: null, amended: sent };
}

const NOTHING = { operation: null, class: null, models: [], amended: null } as const;

function refused({ reason, detail }: Pick<Deny, "reason" | "detail">) {
	return { permitted: false, reason, status: REASONS[reason].status, detail } as const;
}

function rule(id: string, title: string, verdict: "passed" | "amended" | "refused", detail: string | null) {
	return { id, title, verdict, detail };
}

function subjectOf({ subject }: ExplainRequest, { keys, principals, policy }: ExplainDeps): Subject | ExplainProblem {
	if (subject.kind === "role") {
		if (policy.role(subject.name) === null)
			return { problem: `there is no role "${subject.name}"`, hint: "the built-in roles are reader, user, operator and admin" };
		return {
			principal: { kind: "api-key", id: "role", name: subject.name, role: subject.name, models: null, groups: NO_GROUPS },
			label: `role ${subject.name}`,
		};
	}
	const enrolled = principals?.find(subject.id) ?? null;
	if (enrolled !== null) {
		const { id, name, role, models, credential } = enrolled;
		return { principal: { kind: credential.kind, id, name, role, models, groups: NO_GROUPS }, label: `${id} (${name})` };
	}
	const key = keys.find(subject.id);
	if (key === null)
		return { problem: `there is no key "${subject.id}"`, hint: "see the ids with: rempart key list, rempart principal list" };
	return {
		principal: { kind: "api-key", id: key.id, name: key.name, role: key.role, models: key.models, groups: NO_GROUPS },
		label: `key ${key.id} (${key.name})`,
	};
}
