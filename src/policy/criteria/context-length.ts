import type { JudgedRequest } from "../../ollama/judged-request.ts";
import { isAbsent, numberOf } from "../../virtual-patches/json-body.ts";
import { defineCriterion, PASS, refuse } from "../criterion.ts";
import { lower, optionsOf } from "../options.ts";

const OPTION = "num_ctx";

/**
 * G10: a context within the role's bound.
 *
 * Not added where it is absent: the model's and the server's own default then hold, and those the operator chose. A model that is built here
 * carries its own, so the bound holds for `parameters` of a create as well.
 */
export const contextLength = defineCriterion({
	id: "context-length",
	title: "The context is not longer than the role allows",
	why: "A longer context takes GPU memory from everybody and makes the runner load again.",
	reasons: ["parameter-denied"],
	advisories: [],
	concerns: ({ subject, operation }) => subject.parameters.numCtx !== null && operation.body === "json",
	judge({ subject, judged }) {
		const { numCtx: bound, onExcess } = subject.parameters;
		if (bound === null) return PASS;
		return judgeContext(judged, bound, onExcess);
	},
});

function judgeContext(judged: JudgedRequest, bound: number, onExcess: "clamp" | "refuse") {
	const container = optionsOf(judged);
	if (container === null) return PASS;
	const asked = container.values?.[OPTION];
	if (isAbsent(asked)) return PASS;
	const number = numberOf(asked);
	if (number === null) return refuse("parameter-denied", `${container.key}.${OPTION} is not a number`);
	if (number <= bound) return PASS;
	if (onExcess === "refuse") return refuse("parameter-denied", `${container.key}.${OPTION} ${number} is above ${bound}`);
	return lower(judged, container, OPTION, bound, String(number));
}
