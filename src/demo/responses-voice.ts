/**
 * OpenAI's Responses: a sequence of numbered events around output items, or one response object.
 *
 * Ollama writes the members of streamed objects in alphabetical order (they are maps there), those of the whole object in declared order.
 */
import { type Bound, recordOf, textOf } from "./bind.ts";
import type { Exchange } from "./exchange.ts";
import { goJson } from "./go-json.ts";
import { type Item, itemOf, promptTokensOf, tokensOf } from "./item.ts";
import { unixSeconds } from "./moments.ts";
import { refuseAsOpenAi, writeLine } from "./openai.ts";
import type { Reply } from "./reply.ts";
import type { ToolCall } from "./tool-calls.ts";
import type { Voice } from "./voice.ts";

type Members = Readonly<Record<string, unknown>>;

const MOST_IDS = 999_999;

export class ResponsesVoice implements Voice {
	readonly #exchange: Exchange;
	readonly #sent: Bound;
	readonly #streams: boolean;
	readonly #id: string;
	readonly #messageId: string;
	#sequence = 0;
	#outputIndex = 0;
	#text: string | null = null;
	#reasoning: { readonly id: string; text: string } | null = null;
	#calledTool = false;
	readonly #finished: Members[] = [];

	constructor(exchange: Exchange, sent: Bound, streams: boolean) {
		this.#exchange = exchange;
		this.#sent = sent;
		this.#streams = streams;
		this.#id = `resp_${exchange.random(MOST_IDS)}`;
		this.#messageId = `msg_${exchange.random(MOST_IDS)}`;
	}

	say(reply: Reply, item: Item): void {
		const emit = (type: string, data: Members) => this.#emit(reply, type, data);
		if (this.#sequence === 0) {
			emit("response.created", { response: this.#response("in_progress", [], null) });
			emit("response.in_progress", { response: this.#response("in_progress", [], null) });
		}
		if (item.thinking !== "") this.#think(item.thinking, emit);
		if (item.toolCalls.length > 0) {
			this.#finishThought(emit);
			this.#calledTool = true;
			for (const call of item.toolCalls) this.#call(call, emit);
		} else if (item.content !== "" && !this.#calledTool) {
			this.#speak(item.content, emit);
		}
		if (item.done) this.#finish(item, emit);
	}

	whole(reply: Reply, item: Item): void {
		if (this.#streams) return this.say(reply, item);
		const message = {
			id: this.#messageId,
			type: "message",
			status: "completed",
			role: "assistant",
			content: [{ type: "output_text", text: item.content, annotations: [], logprobs: [] }],
		};
		const calls = item.toolCalls.map(({ id, name, arguments: given }, i) => ({
			id: `fc_${this.#id}_${i}`,
			type: "function_call",
			status: "completed",
			call_id: id,
			name,
			arguments: goJson(given),
		}));
		const thought = {
			id: `rs_${this.#id}`,
			type: "reasoning",
			summary: [{ type: "summary_text", text: item.thinking }],
			encrypted_content: item.thinking,
		};
		const output = [...(item.thinking === "" ? [] : [thought]), ...(calls.length > 0 ? calls : [message])];
		const [input, said] = [promptTokensOf(item), tokensOf(item)];
		const usage = {
			input_tokens: input,
			output_tokens: said,
			total_tokens: input + said,
			input_tokens_details: { cached_tokens: 0 },
			output_tokens_details: { reasoning_tokens: 0 },
		};
		writeLine(reply, 200, { ...this.#response("completed", output, usage), completed_at: this.#now() });
	}

	refuse(reply: Reply, status: number, message: string): void {
		refuseAsOpenAi(reply, status, message);
	}

	/** Ollama passes its error line through this dialect as an empty answer, of which nothing is left. */
	breakOff(reply: Reply): void {
		this.say(reply, itemOf("", 0n));
	}

	#emit(reply: Reply, type: string, data: Members): void {
		reply.set("Content-Type", "text/event-stream");
		const event = { ...data, type, sequence_number: this.#sequence++ };
		reply.write(`event: ${type}\ndata: ${goJson(sorted(event))}\n\n`);
		reply.flush();
	}

	#think(thinking: string, emit: Emit): void {
		if (this.#reasoning === null) {
			this.#reasoning = { id: `rs_${this.#exchange.random(MOST_IDS)}`, text: "" };
			const item = { id: this.#reasoning.id, type: "reasoning", summary: [] };
			emit("response.output_item.added", { output_index: this.#outputIndex, item });
		}
		this.#reasoning.text += thinking;
		const at = { item_id: this.#reasoning.id, output_index: this.#outputIndex, summary_index: 0 };
		emit("response.reasoning_summary_text.delta", { ...at, delta: thinking });
	}

	#finishThought(emit: Emit): void {
		if (this.#reasoning === null) return;
		const { id, text } = this.#reasoning;
		this.#reasoning = null;
		const item = { id, type: "reasoning", summary: [{ type: "summary_text", text }], encrypted_content: text };
		this.#finished.push(item);
		const output_index = this.#outputIndex++;
		emit("response.reasoning_summary_text.done", { item_id: id, output_index, summary_index: 0, text });
		emit("response.output_item.done", { output_index, item });
	}

	#call({ id, name, arguments: given }: ToolCall, emit: Emit): void {
		const output_index = this.#outputIndex++;
		const item_id = `fc_${this.#exchange.random(MOST_IDS)}_0`;
		const json = goJson(given);
		const item = { id: item_id, type: "function_call", status: "completed", call_id: id, name, arguments: json };
		this.#finished.push(item);
		emit("response.output_item.added", { output_index, item: { ...item, status: "in_progress", arguments: "" } });
		emit("response.function_call_arguments.delta", { item_id, output_index, delta: json });
		emit("response.function_call_arguments.done", { item_id, output_index, arguments: json });
		emit("response.output_item.done", { output_index, item });
	}

	#speak(content: string, emit: Emit): void {
		this.#finishThought(emit);
		const at = { item_id: this.#messageId, output_index: this.#outputIndex, content_index: 0 };
		if (this.#text === null) {
			this.#text = "";
			const item = { id: this.#messageId, type: "message", status: "in_progress", role: "assistant", content: [] };
			emit("response.output_item.added", { output_index: this.#outputIndex, item });
			emit("response.content_part.added", { ...at, part: partOf("") });
		}
		this.#text += content;
		emit("response.output_text.delta", { ...at, delta: content, logprobs: [] });
	}

	#finish(item: Item, emit: Emit): void {
		this.#finishThought(emit);
		if (this.#text !== null) {
			const message = { id: this.#messageId, type: "message", status: "completed", role: "assistant", content: [partOf(this.#text)] };
			this.#finished.push(message);
			const at = { item_id: this.#messageId, output_index: this.#outputIndex, content_index: 0 };
			if (!this.#calledTool) {
				emit("response.output_text.done", { ...at, text: this.#text, logprobs: [] });
				emit("response.content_part.done", { ...at, part: partOf(this.#text) });
				emit("response.output_item.done", { output_index: this.#outputIndex, item: message });
			}
		}
		const [input, said] = [promptTokensOf(item), tokensOf(item)];
		const details = { input_tokens_details: { cached_tokens: 0 }, output_tokens_details: { reasoning_tokens: 0 } };
		const usage = { input_tokens: input, output_tokens: said, total_tokens: input + said, ...details };
		emit("response.completed", { response: { ...this.#response("completed", this.#finished, usage), completed_at: this.#now() } });
	}

	/** In the order of the whole answer. */
	#response(status: string, output: readonly Members[], usage: unknown): Members {
		const sent = this.#sent;
		const text = recordOf(recordOf(sent.any("text"))["format"]);
		const { effort, summary } = recordOf(sent.any("reasoning"));
		const reasons = textOf(effort) !== "" || textOf(summary) !== "";
		return {
			id: this.#id,
			object: "response",
			created_at: this.#now(),
			completed_at: null,
			status,
			incomplete_details: null,
			model: sent.string("model"),
			previous_response_id: null,
			instructions: sent.string("instructions") || null,
			output,
			error: null,
			tools: sent.list("tools").map((tool) => toolOf(recordOf(tool))),
			tool_choice: "auto",
			truncation: sent.any("truncation") ?? "disabled",
			parallel_tool_calls: true,
			text: { format: Object.keys(text).length > 0 ? text : { type: "text" } },
			top_p: sent.any("top_p") ?? 1,
			presence_penalty: 0,
			frequency_penalty: 0,
			top_logprobs: 0,
			temperature: sent.any("temperature") ?? 1,
			reasoning: reasons ? { effort: textOf(effort) || null, summary: textOf(summary) || null } : null,
			usage,
			max_output_tokens: sent.any("max_output_tokens"),
			max_tool_calls: null,
			store: false,
			background: sent.bool("background") ?? false,
			service_tier: "default",
			metadata: {},
			safety_identifier: null,
			prompt_cache_key: null,
		};
	}

	#now(): number {
		return unixSeconds(this.#exchange.moments.now());
	}
}

type Emit = (type: string, data: Members) => void;

function partOf(text: string): Members {
	return { type: "output_text", text, annotations: [], logprobs: [] };
}

function toolOf({ type, name, description, strict, parameters }: Members): Members {
	return { type, name, description: description ?? null, strict: strict ?? null, parameters: sorted(parameters ?? null) };
}

/** Objects with their members in alphabetical order, all the way down. */
function sorted(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(sorted);
	if (typeof value !== "object" || value === null) return value;
	const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
	return Object.fromEntries(entries.map(([key, member]) => [key, sorted(member)]));
}
