/**
 * G10: numbers that end up as sizes, counts and positions in native code stay within what a machine can have.
 *
 * A role's own bounds are lower and are criteria of policy; these are the ones beyond which no honest request lies.
 */
import { isJsonArray, isJsonObject, jsonBodyOf, numberOf } from "./json-body.ts";
import { definePatch, stop } from "./virtual-patch.ts";

/** Lowest and highest of each option. -1 means "all" or "default" to Ollama. */
const OPTIONS: ReadonlyMap<string, readonly [lowest: number, highest: number]> = new Map([
	["num_ctx", [-1, 16_777_216]],
	["num_batch", [-1, 65_536]],
	["num_keep", [-1, 16_777_216]],
	["num_gpu", [-1, 65_536]],
	["main_gpu", [-1, 1024]],
	["num_thread", [-1, 4096]],
	["repeat_last_n", [-1, 16_777_216]],
	["draft_num_predict", [-1, 65_536]],
]);

/** Top-level list, most entries. */
const LISTS: readonly (readonly [name: string, most: number])[] = [
	["messages", 16_384],
	["input", 16_384],
	["tools", 2048],
	["stop", 256],
	["stop_sequences", 256],
];

/** Ollama's own bound since it has the field. */
const TOP_LOGPROBS = 20;

export const optionRanges = definePatch({
	id: "VP-G10-option-ranges",
	title: "A number or list beyond anything a machine can serve",
	why:
		"Sizes and positions of this kind reach allocation and pointer arithmetic of the runner: a negative count wrote out of bounds in " +
		"llama.cpp's context shift, a huge one takes the memory of the whole machine.",
	advisories: ["CVE-2026-21869"],
	since: "0.1.0",
	unless: null,
	operations: null,
	applies(judged) {
		const body = jsonBodyOf(judged);
		if (body === null) return null;
		for (const container of ["options", "parameters"]) {
			const options = body[container];
			if (!isJsonObject(options)) continue;
			for (const name of Object.keys(options)) {
				const range = OPTIONS.get(name);
				// What is no number at all Ollama refuses by itself.
				const number = range === undefined ? null : numberOf(options[name]);
				if (range === undefined || number === null) continue;
				if (number < range[0] || number > range[1]) return stop(`${container}.${name} is out of range`);
			}
		}
		for (const [name, most] of LISTS) {
			const list = body[name];
			if (isJsonArray(list) && list.length > most) return stop(`${name} has ${list.length} entries`);
		}
		const logprobs = numberOf(body["top_logprobs"]);
		return logprobs !== null && (logprobs < 0 || logprobs > TOP_LOGPROBS) ? stop("top_logprobs is out of range") : null;
	},
});
