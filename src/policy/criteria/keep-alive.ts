import type { JsonValue, JudgedRequest } from "../../ollama/judged-request.ts";
import { isAbsent, isJsonArray, jsonBodyOf, numberOf } from "../../virtual-patches/json-body.ts";
import { amend, defineCriterion, PASS, refuse } from "../criterion.ts";
import { formatGoDuration, parseGoDuration } from "../go-duration.ts";
import { withField } from "../options.ts";

const FIELD = "keep_alive";
/** Anything shorter is gone before the next request: unloading by another name. */
const UNLOADING_BELOW_MS = 1000;

/**
 * G10: how long a model stays in memory for one caller's sake.
 *
 *  - A negative time means "for ever": it pins the GPU. Nothing means the server's own default, which is the operator's choice.
 *  - Zero throws the model out under everybody who uses it. A request that asks for nothing else is refused where unloading is not granted,
 *    because without its zero it would load the model; from one that does ask for something the zero is taken away.
 */
export const keepAlive = defineCriterion({
	id: "keep-alive",
	title: "The model stays loaded no longer, and is unloaded no sooner, than the role allows",
	why: "One caller pins a model for ever, or evicts it again and again, and all others wait.",
	reasons: ["parameter-denied"],
	advisories: [],
	concerns: ({ operation }) => operation.class === "infer" && operation.body === "json",
	judge({ subject, judged }) {
		if (judged.operation.class !== "infer") return PASS;
		const asked = jsonBodyOf(judged)?.[FIELD];
		if (isAbsent(asked)) return PASS;
		const { keepAliveMs: bound, unload, onExcess } = subject.parameters;
		const ms = durationOf(asked);
		if (ms === null) return refuse("parameter-denied", `${FIELD} is not a duration`);
		const isForever = ms < 0;
		if (!isForever && ms < UNLOADING_BELOW_MS) {
			if (unload) return PASS;
			if (onExcess === "refuse" || !asksForMore(judged)) return refuse("parameter-denied", `${FIELD} would unload the model`);
			return amend(withField(judged, FIELD, undefined), [`${FIELD}: unloading was left out`]);
		}
		if (bound === null || (!isForever && ms <= bound)) return PASS;
		const shown = isForever ? "for ever" : formatGoDuration(ms);
		if (onExcess === "refuse") return refuse("parameter-denied", `${FIELD} ${shown} is above ${formatGoDuration(bound)}`);
		const to = formatGoDuration(bound);
		return amend(withField(judged, FIELD, to), [`${FIELD}: ${shown} became ${to}`]);
	},
});

/** A number is in seconds. */
function durationOf(value: JsonValue): number | null {
	if (typeof value === "string") return parseGoDuration(value);
	const seconds = numberOf(value);
	return seconds === null ? null : seconds * 1000;
}

/** Whether anything is left of the request without its `keep_alive`; a chat without messages and a generate without prompt only load. */
function asksForMore(judged: JudgedRequest): boolean {
	const body = jsonBodyOf(judged);
	const messages = body?.["messages"];
	if (judged.operation.id === "chat") return isJsonArray(messages) && messages.length > 0;
	const prompt = body?.["prompt"];
	if (judged.operation.id === "generate") return typeof prompt === "string" && prompt !== "";
	return true;
}
