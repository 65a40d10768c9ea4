/**
 * reserve: does it fit into the budgets?
 *
 *  - Looks at all budgets that concern the request and holds of each what it is estimated to use, before its start is recorded, so that the record says
 *    what a crash would owe.
 *  - Only work counts: listing models stays possible when a budget is used up. Without budgets nothing is looked up.
 *  - An answer in one piece cannot be ended in the middle, so the model is told beforehand how long it may become.
 */
import { type Decision, permit } from "../../model/decision.ts";
import type { OperationClass } from "../../model/operation-class.ts";
import type { JudgedRequest } from "../../ollama/judged-request.ts";
import { weighPrompt } from "../../ollama/meters/estimate.ts";
import type { UsageSource } from "../../ollama/operation.ts";
import { boundOutput } from "../../policy/criteria/output-length.ts";
import type { Weight } from "../../quota/estimator.ts";
import { factsOf, type Ledger } from "../../quota/ledger.ts";
import { Reservation } from "../../quota/reservation.ts";
import { budgetRefusal } from "../budget-refusal.ts";
import type { Authorized, Reserved } from "../exchange.ts";
import { tokenBoundOf } from "../token-bound.ts";

const WORK: ReadonlySet<OperationClass> = new Set(["infer", "manage", "cloud"]);
const NO_PROMPT = { guess: 0, most: 0 } as const;
const ANSWERS: ReadonlySet<UsageSource> = new Set(["record", "openai-chat", "openai-completion", "openai-responses", "anthropic"]);

export function reserve(authorized: Authorized, ledger: Ledger): Decision<Reserved> {
	const { judged, principal, caller } = authorized;
	if (ledger.isEmpty || !WORK.has(judged.operation.class)) return permit(reservedAs(authorized, judged, null));
	const facts = factsOf(principal, judged.models[0]?.name.short ?? null, caller.peer);
	const plan = ledger.planOf(facts);
	if (plan.subjects.length === 0) return permit(reservedAs(authorized, judged, null));
	const weight = plan.kind.weighs ? weightOf(judged) : null;
	const held = ledger.reserve(plan, authorized.id, facts, weight);
	if (!(held instanceof Reservation)) return budgetRefusal(held, { plan, now: ledger.now() }, authorized.dialect);
	const { covered } = held;
	const isTooLong = weight?.whole === true && weight.answers && (weight.outputBound === null || weight.outputBound > covered);
	return permit(reservedAs(authorized, isTooLong && Number.isFinite(covered) ? boundOutput(judged, covered) : judged, held));
}

function weightOf(judged: JudgedRequest): Weight {
	const { class: kind, usage, body } = judged.operation;
	const prompt = usage === "none" ? NO_PROMPT : weighPrompt(judged);
	return {
		guessedInput: prompt.guess,
		mostInput: prompt.most,
		outputBound: tokenBoundOf(judged),
		// A transcription is text too.
		answers: ANSWERS.has(usage) || (usage !== "none" && body === "multipart"),
		whole: !judged.streaming || mayCallTools(judged),
		onGpu: kind === "infer" && judged.models[0]?.name.cloud !== true,
	};
}

/** A call comes as one frame when all of it is made, however long it is: nobody sees its tokens pass. */
function mayCallTools({ body }: JudgedRequest): boolean {
	if (body.kind !== "json") return false;
	const { tools } = body.value;
	return Array.isArray(tools) && tools.length > 0;
}

function reservedAs(
	{ id, at, caller, head, dialect, principal, grant }: Authorized,
	judged: JudgedRequest,
	hold: Reservation | null,
): Reserved {
	return { id, at, caller, head, dialect, principal, judged, grant, hold };
}
