/**
 * Streams of /v1/messages: `message_start` guesses what the prompt has, `message_delta` reports both counts at the end (recorded: 2 and then 5
 * for one prompt, so the later counts). Nothing is withheld.
 */
import type { Usage } from "../../model/usage.ts";
import { countOf, errorOf, isRecord, reportedUsage } from "./reported-usage.ts";
import { type ClosingFacts, eventText, nameOf, recordOf, type StreamReader, type StreamResult } from "./stream-reader.ts";

export class AnthropicStream implements StreamReader {
	readonly withholds = false;
	#usage: Usage | null = null;
	#failed: string | null = null;
	#promptTokens: number | null = null;
	#deltas = 0;

	read(event: Buffer): null {
		switch (nameOf(event)) {
			case "content_block_delta":
				this.#deltas++;
				break;
			case "message_start":
				this.#readStart(event);
				break;
			case "message_delta":
				this.#readDelta(event);
				break;
			case "error":
			case "": {
				const record = recordOf(event);
				if (record !== null) this.#failed = errorOf(record) ?? this.#failed;
				break;
			}
		}
		return null;
	}

	result(): StreamResult {
		return { reported: this.#usage, counted: { promptTokens: this.#promptTokens, outputTokens: this.#deltas }, failed: this.#failed };
	}

	isToken(event: Buffer): boolean {
		return nameOf(event) === "content_block_delta";
	}

	closing(last: Buffer, { usage, note }: ClosingFacts): string {
		const index = recordOf(last)?.["index"] ?? 0;
		const counts = { input_tokens: usage.promptTokens, output_tokens: usage.outputTokens };
		const delta = { stop_reason: "max_tokens", stop_sequence: null };
		return [
			eventText({ type: "content_block_stop", index }, "content_block_stop"),
			eventText({ type: "message_delta", delta, usage: counts, rempart: note }, "message_delta"),
			eventText({ type: "message_stop" }, "message_stop"),
		].join("");
	}

	#readStart(event: Buffer): void {
		const message = recordOf(event)?.["message"];
		const usage = isRecord(message) ? message["usage"] : null;
		if (isRecord(usage)) this.#promptTokens = countOf(usage["input_tokens"]);
	}

	/** Without `input_tokens`, as Anthropic's own servers may send it, the count of the start holds. */
	#readDelta(event: Buffer): void {
		const record = recordOf(event);
		const usage = record === null ? null : reportedUsage("anthropic", record);
		if (record === null || usage === null) return;
		const reportsPrompt = isRecord(record["usage"]) && countOf(record["usage"]["input_tokens"]) !== null;
		this.#usage = reportsPrompt ? usage : { ...usage, promptTokens: this.#promptTokens ?? 0 };
	}
}
