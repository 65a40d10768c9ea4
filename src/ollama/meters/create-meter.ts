/** Which meter reads an answer: by its status and content type, and by what the operation says about usage. */
import type { JudgedRequest } from "../judged-request.ts";
import { AnthropicStream } from "./anthropic-stream.ts";
import type { Meter, OutputBound } from "./meter.ts";
import { NdjsonMeter } from "./ndjson-meter.ts";
import { OpenAiStream } from "./openai-stream.ts";
import { ResponsesStream } from "./responses-stream.ts";
import { SseMeter } from "./sse-meter.ts";
import type { StreamReader } from "./stream-reader.ts";
import { WholeMeter } from "./whole-meter.ts";

export interface AnswerHead {
	readonly status: number;
	/** Value of Content-Type, "" where there is none. */
	readonly contentType: string;
}

/** `bound`: null where nothing may end the answer in the middle. */
export function createMeter(judged: JudgedRequest, { status, contentType }: AnswerHead, bound: OutputBound | null = null): Meter {
	const { usage } = judged.operation;
	if (status < 200 || status > 299) return new WholeMeter(judged, "none");
	if (contentType.startsWith("application/x-ndjson")) return new NdjsonMeter(judged, usage === "none" ? null : bound);
	const reader = contentType.startsWith("text/event-stream") ? readerOf(judged) : null;
	return reader === null ? new WholeMeter(judged, usage) : new SseMeter(judged, reader, bound);
}

function readerOf({ operation, usageAsked }: JudgedRequest): StreamReader | null {
	switch (operation.usage) {
		case "openai-chat":
		case "openai-completion":
			return new OpenAiStream({ strips: !usageAsked });
		case "openai-responses":
			return new ResponsesStream();
		case "anthropic":
			return new AnthropicStream();
		case "openai-embeddings":
		case "record":
		case "embed":
		case "estimate":
		case "none":
			return null;
	}
}
