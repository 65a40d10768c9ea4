/**
 * Why a request would be allowed or refused: the same understanding and the same policy walk as for a real one, run without running it.
 *
 * The server and the offline command line both ask here, so they cannot come to different answers.
 */
import type { ExplainProblem, ExplainRequest, Explanation } from "../admin/admin-deps.ts";
import type { Deny } from "../model/decision.ts";
import { REASONS } from "../model/reason.ts";
import { findOperation } from "../ollama/operations.ts";
import { serialise, type UnderstandLimits, understand } from "../ollama/understand.ts";
import { explainEntry } from "../policy/entry/enter.ts";
import type { Step } from "../policy/evaluate.ts";
import { explain } from "../policy/explain.ts";
import { explainedSubject, type SubjectDeps } from "./explained-subject.ts";

export interface ExplainDeps extends SubjectDeps {
	readonly limits: UnderstandLimits;
}

export function explainRequest(request: ExplainRequest, deps: ExplainDeps): Explanation | ExplainProblem {
	const subject = explainedSubject(request, deps);
	if ("problem" in subject) return subject;
	const { entering, label } = subject;
	const { principal } = entering;
	const about = { subject: label, role: principal.role };

	const entry: Step[] = [];
	const barred = explainEntry(deps.policy, entering, entry);
	const entryRules = entry.map(ruleOf);
	if (barred !== null) return { ...about, ...NOTHING, ...refused(barred), rules: entryRules };

	const path = request.path.split("?", 1)[0] ?? "";
	const found = findOperation(request.method, path);
	if ("unknown" in found) {
		const reason = found.unknown === "path" ? "operation-unknown" : "method-not-allowed";
		return {
			...about,
			...NOTHING,
			...refused({ reason, detail: `${request.method} ${path}` }),
			rules: [...entryRules, rule("operation", "the operation is in the table", "refused", null)],
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
		const rules = [...entryRules, known, rule("body", "the body is understood", "refused", judged.detail)];
		return { ...about, ...NOTHING, ...operationFields, ...refused(judged), rules };
	}

	const { decision, steps } = explain(deps.policy, principal, judged.value);
	const rules = [...entryRules, known, rule("body", "the body is understood", "passed", null), ...steps.map(ruleOf)];
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

const VERDICTS = { pass: "passed", amend: "amended", deny: "refused" } as const;

function ruleOf({ criterion, title, outcome, detail }: Step) {
	return rule(criterion, title, VERDICTS[outcome], detail);
}

function rule(id: string, title: string, verdict: "passed" | "amended" | "refused", detail: string | null) {
	return { id, title, verdict, detail };
}
