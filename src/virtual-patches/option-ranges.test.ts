import { bareRequest, jsonRequest } from "../../test/support/judged-requests.ts";
import { testPatch } from "../../test/support/patch-cases.ts";
import { optionRanges } from "./option-ranges.ts";

const chat = (options: Record<string, number | string>) => jsonRequest("chat", { model: "m", messages: [], options });
const list = (length: number) => Array.from({ length }, () => "x");

testPatch(
	optionRanges,
	[
		["a context of a billion", chat({ num_ctx: 1e9 }), /options.num_ctx/],
		["a context of 10^20", jsonRequest("chat", { options: { num_ctx: JSON.rawJSON("100000000000000000000") } }), /options.num_ctx/],
		["a negative number of tokens kept (CVE-2026-21869)", chat({ num_keep: -2 }), /options.num_keep/],
		["a huge batch", chat({ num_batch: 1e6 }), /options.num_batch/],
		["a negative batch", chat({ num_batch: -5 }), /options.num_batch/],
		["ten thousand threads", chat({ num_thread: 10_000 }), /options.num_thread/],
		["the same baked into a model", jsonRequest("create", { model: "m", from: "n", parameters: { num_keep: -2 } }), /parameters.num_keep/],
		["an endless batch of texts", jsonRequest("embed", { model: "m", input: list(16_385) }), /input has 16385/],
		["an endless list of stops", jsonRequest("v1-chat-completions", { model: "m", stop: list(257) }), /stop has 257/],
		["Anthropic's list of stops", jsonRequest("v1-messages", { model: "m", stop_sequences: list(257) }), /stop_sequences has 257/],
		["endless tools", jsonRequest("chat", { model: "m", tools: list(2049) }), /tools has 2049/],
		["21 logprobs", jsonRequest("chat", { model: "m", top_logprobs: 21 }), /top_logprobs/],
		["-1 logprobs", jsonRequest("chat", { model: "m", top_logprobs: -1 }), /top_logprobs/],
	],
	[
		["ordinary options", chat({ num_ctx: 131_072, num_batch: 512, num_gpu: 999, num_thread: 0, num_keep: -1, temperature: 0.7, seed: -5 })],
		["what is no number, which Ollama refuses", chat({ num_ctx: "many" })],
		["ordinary lists", jsonRequest("embed", { model: "m", input: list(2048), options: null })],
		["20 logprobs", jsonRequest("v1-chat-completions", { model: "m", top_logprobs: 20 })],
		["no body", bareRequest("version")],
	],
);
