/**
 * What a stream of /v1/responses has said so far, so that it can be ended in the middle: its last events repeat all of it.
 *
 * Every event is parsed and the text is kept, up to a cap beyond which the repetition is left empty. It is made for answers that a budget may end, and
 * for no others.
 */
import type { Usage } from "../../model/usage.ts";
import type { CutNote } from "./meter.ts";
import { isRecord, type Parsed } from "./reported-usage.ts";
import { eventText, recordOf } from "./stream-reader.ts";

const LONGEST_TEXT = 4 * 2 ** 20;

export class ResponseSoFar {
	#response: Parsed = {};
	/** Items that are whole. */
	readonly #finished: unknown[] = [];
	/** The one that is being written, and where its text goes. */
	#item: Parsed = {};
	#text = "";
	#last: Parsed = {};

	add(name: string, event: Buffer): void {
		const record = recordOf(event);
		if (record === null) return;
		this.#last = record;
		if (name === "response.created" && isRecord(record["response"])) this.#response = record["response"];
		else if (name === "response.output_item.added" && isRecord(record["item"])) {
			this.#item = record["item"];
			this.#text = "";
		} else if (name === "response.output_item.done") this.#finished.push(record["item"]);
		else if (name.endsWith(".delta") && typeof record["delta"] === "string" && this.#text.length < LONGEST_TEXT)
			this.#text += record["delta"];
	}

	/**
	 * The events behind a `…delta`, which is the last that was added. The last is `response.completed`, as Ollama ends at its own bound: OpenAI's SDK for
	 * Python throws away what it has where it is `response.incomplete`. That the answer is incomplete the response itself says.
	 */
	closing(usage: Usage, note: Omit<CutNote, "elapsedMs">): string {
		const { delta: _delta, type, sequence_number, ...where } = this.#last;
		const text = this.#text.length < LONGEST_TEXT ? this.#text : "";
		let sequence = typeof sequence_number === "number" ? sequence_number : 0;
		const event = (name: string, record: Parsed): string => eventText({ ...record, sequence_number: ++sequence, type: name }, name);
		const kind = typeof type === "string" ? type.slice("response.".length, -".delta".length) : "";
		const { events, parts } = endOf(kind, text, where, event);
		const item = { ...this.#item, ...parts, status: "incomplete" };
		const { promptTokens, outputTokens } = usage;
		const response = {
			...this.#response,
			status: "incomplete",
			incomplete_details: { reason: "max_output_tokens" },
			output: [...this.#finished, item],
			usage: {
				input_tokens: promptTokens,
				input_tokens_details: { cached_tokens: 0 },
				output_tokens: outputTokens,
				output_tokens_details: { reasoning_tokens: 0 },
				total_tokens: promptTokens + outputTokens,
			},
			rempart: note,
		};
		const { output_index } = where;
		return `${events}${event("response.output_item.done", { item, output_index })}${event("response.completed", { response })}`;
	}
}

interface ItemEnd {
	readonly events: string;
	/** What becomes of the item. */
	readonly parts: Parsed;
}

function endOf(kind: string, text: string, where: Parsed, event: (name: string, record: Parsed) => string): ItemEnd {
	switch (kind) {
		case "output_text": {
			const part = { type: "output_text", text, annotations: [], logprobs: [] };
			const { logprobs: _logprobs, ...place } = where;
			const events = event("response.output_text.done", { ...where, text }) + event("response.content_part.done", { ...place, part });
			return { events, parts: { content: [part] } };
		}
		case "reasoning_summary_text":
			return {
				events: event("response.reasoning_summary_text.done", { ...where, text }),
				parts: { summary: [{ type: "summary_text", text }], encrypted_content: text },
			};
		case "function_call_arguments":
			return { events: event("response.function_call_arguments.done", { ...where, arguments: text }), parts: { arguments: text } };
		default:
			return { events: "", parts: {} };
	}
}
