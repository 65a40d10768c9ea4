import type { JsonValue, JudgedRequest } from "../../ollama/judged-request.ts";
import type { UsageSource } from "../../ollama/operation.ts";
import { isAbsent, jsonBodyOf, numberOf } from "../../virtual-patches/json-body.ts";
import { amend, defineCriterion, PASS, refuse, type Verdict } from "../criterion.ts";
import { lower, optionsOf, withField } from "../options.ts";

/**
 * G10: an answer of bounded length, whatever the dialect calls it.
 *
 *  - Zero, a negative number and nothing at all mean "no limit" to Ollama, so all three become the bound.
 *  - `max_completion_tokens` is OpenAI's newer name, which Ollama does not read: `max_tokens` is sent beside it.
 *  - A model that is built here is bounded only where it brings a number along; requests to it are bounded anyway.
 */
export const outputLength = defineCriterion({
	id: "output-length",
	title: "The answer is not longer than the role allows",
	why: "An endless answer holds a place at the GPU until somebody notices.",
	reasons: ["parameter-denied"],
	advisories: [],
	concerns: ({ subject, operation }) => subject.parameters.numPredict !== null && operation.body === "json",
	judge({ subject, judged }) {
		const { numPredict: bound, onExcess } = subject.parameters;
		if (bound === null) return PASS;
		const { id, usage } = judged.operation;
		if (id === "create" || usage === "record") return judgeOption(judged, bound, onExcess);
		return judgeFields(judged, FIELDS[usage] ?? [], bound, onExcess);
	},
});

/** The same with an answer that is no longer than `bound`; where it cannot be told how long that is, the request as it was. */
export function boundOutput(judged: JudgedRequest, bound: number): JudgedRequest {
	const { usage } = judged.operation;
	const verdict = usage === "record" ? judgeOption(judged, bound, "clamp") : judgeFields(judged, FIELDS[usage] ?? [], bound, "clamp");
	return verdict.kind === "amend" ? verdict.judged : judged;
}

const OPTION = "num_predict";

/** The first one is added where none is there. */
const FIELDS: Partial<Record<UsageSource, readonly string[]>> = {
	"openai-chat": ["max_tokens", "max_completion_tokens"],
	"openai-completion": ["max_tokens"],
	"openai-responses": ["max_output_tokens"],
	anthropic: ["max_tokens"],
};

type OnExcess = "clamp" | "refuse";

function judgeOption(judged: JudgedRequest, bound: number, onExcess: OnExcess): Verdict {
	const options = optionsOf(judged);
	if (options === null) return PASS;
	const asked = options.values?.[OPTION];
	if (isAbsent(asked)) return options.key === "parameters" ? PASS : lower(judged, options, OPTION, bound, "no limit");
	const outcome = bounded(asked, bound);
	if (outcome === null) return refuse("parameter-denied", `${options.key}.${OPTION} is not a number`);
	if (!outcome.lowered) return PASS;
	if (onExcess === "refuse" && outcome.from !== "no limit") return tooLong(`${options.key}.${OPTION}`, outcome.from, bound);
	return lower(judged, options, OPTION, outcome.to, outcome.from);
}

function judgeFields(judged: JudgedRequest, fields: readonly string[], bound: number, onExcess: OnExcess): Verdict {
	const [primary] = fields;
	const body = jsonBodyOf(judged);
	if (primary === undefined || body === null) return PASS;
	let request = judged;
	let shortest = bound;
	let from = "no limit";
	const what: string[] = [];
	for (const field of fields) {
		const asked = body[field];
		if (isAbsent(asked)) continue;
		const outcome = bounded(asked, bound);
		if (outcome === null) return refuse("parameter-denied", `${field} is not a number`);
		if (outcome.to < shortest) {
			shortest = outcome.to;
			from = field;
		}
		if (!outcome.lowered) continue;
		if (onExcess === "refuse" && outcome.from !== "no limit") return tooLong(field, outcome.from, bound);
		request = withField(request, field, outcome.to);
		what.push(`${field}: ${outcome.from} became ${outcome.to}`);
	}
	if (isAbsent(body[primary])) {
		request = withField(request, primary, shortest);
		what.push(`${primary}: ${from} became ${shortest}`);
	}
	return what.length === 0 ? PASS : amend(request, what);
}

interface Bounded {
	readonly to: number;
	readonly lowered: boolean;
	readonly from: string;
}

function bounded(asked: JsonValue, bound: number): Bounded | null {
	const number = numberOf(asked);
	if (number === null) return null;
	// Ollama cuts the fraction off, and what is then zero bounds nothing.
	if (number < 1) return { to: bound, lowered: true, from: "no limit" };
	return number > bound ? { to: bound, lowered: true, from: String(number) } : { to: number, lowered: false, from: "" };
}

function tooLong(field: string, asked: string, bound: number): Verdict {
	return refuse("parameter-denied", `${field} ${asked} is above ${bound}`);
}
