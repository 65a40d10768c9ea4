/** The `options` of a request, checked as Ollama checks them: known names have a type, unknown ones are ignored, null is as if absent. */
import { Refusal } from "./exchange.ts";

export interface Options {
	readonly contextLength: number;
	/** The most tokens to say: what was asked for, but never more than ten contexts. */
	readonly limit: number;
	readonly stops: readonly string[];
}

const DEFAULT_CONTEXT = 4096;

const INTEGERS = [
	"num_keep",
	"seed",
	"num_predict",
	"top_k",
	"repeat_last_n",
	"num_ctx",
	"num_batch",
	"num_gpu",
	"main_gpu",
	"num_thread",
	"draft_num_predict",
];
const FLOATS = ["top_p", "min_p", "typical_p", "temperature", "repeat_penalty", "presence_penalty", "frequency_penalty"];
const TYPES: ReadonlyMap<string, string> = new Map([
	...INTEGERS.map((name) => [name, "integer"] as const),
	...FLOATS.map((name) => [name, "float32"] as const),
	["use_mmap", "boolean"],
	["stop", "array"],
]);

/** Throws Refusal: 500, as recorded, because Ollama finds out when it schedules the model. */
export function optionsOf(sent: Readonly<Record<string, unknown>>, defaults: Readonly<Record<string, unknown>> = {}): Options {
	for (const [name, value] of Object.entries(sent)) {
		const type = TYPES.get(name);
		if (type !== undefined && value !== null && !fits(value, type)) throw new Refusal(500, `option "${name}" must be of type ${type}`);
	}
	const all: Readonly<Record<string, unknown>> = { ...defaults, ...sent };
	const contextLength = Math.min(positive(all["num_ctx"]) ?? DEFAULT_CONTEXT, DEFAULT_CONTEXT);
	const most = 10 * contextLength;
	return { contextLength, limit: Math.min(positive(all["num_predict"]) ?? most, most), stops: stopsOf(all["stop"]) };
}

function stopsOf(stop: unknown): readonly string[] {
	if (!Array.isArray(stop)) return [];
	return stop.map((each: unknown) => {
		if (typeof each !== "string") throw new Refusal(500, 'option "stop" must be of an array of strings');
		return each;
	});
}

function fits(value: unknown, type: string): boolean {
	if (type === "integer" || type === "float32") return typeof value === "number";
	return type === "boolean" ? typeof value === "boolean" : Array.isArray(value);
}

/** Zero and negative numbers mean "no limit of mine". */
function positive(value: unknown): number | null {
	return typeof value === "number" && value >= 1 && value <= Number.MAX_SAFE_INTEGER ? Math.floor(value) : null;
}
