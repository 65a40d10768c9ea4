/**
 * What the scripted upstream says and what the load generator asks: both sides of one play, so that each knows what the other must see.
 *
 *  - The answers have the shape and size of a real Ollama's; only the clock in them stands still, so that every answer is the same bytes.
 *  - Which of its plays the upstream gives, it is told by path, `stream` and model: the only things that every gateway passes on.
 */
import { Buffer } from "node:buffer";

export const WORKLOADS = ["get", "chat", "chat-v1", "stream", "stream-v1", "flood", "flood-v1"] as const;
export type Workload = (typeof WORKLOADS)[number];
export type StreamDialect = "ndjson" | "sse";

interface Play {
	readonly title: string;
	readonly path: string;
	/** Null for a whole answer. */
	readonly stream: StreamDialect | null;
	readonly paced: boolean;
}

/** A `flood` is the same stream as fast as it is taken. */
export const PLAYS: Readonly<Record<Workload, Play>> = {
	get: { title: "GET /api/tags", path: "/api/tags", stream: null, paced: false },
	chat: { title: "POST /api/chat, whole answer", path: "/api/chat", stream: null, paced: false },
	"chat-v1": { title: "POST /v1/chat/completions, whole answer", path: "/v1/chat/completions", stream: null, paced: false },
	stream: { title: "POST /api/chat, paced NDJSON", path: "/api/chat", stream: "ndjson", paced: true },
	"stream-v1": { title: "POST /v1/chat/completions, paced SSE", path: "/v1/chat/completions", stream: "sse", paced: true },
	flood: { title: "POST /api/chat, unpaced NDJSON", path: "/api/chat", stream: "ndjson", paced: false },
	"flood-v1": { title: "POST /v1/chat/completions, unpaced SSE", path: "/v1/chat/completions", stream: "sse", paced: false },
};

/** Of every paced stream, and of the one timer behind all of them. */
export const TOKENS_PER_SECOND = 40;
/** Length of an unpaced stream: what its request costs is then a few per cent of what its tokens do. */
export const FLOOD_TOKENS = 1000;
/** Tokens in one write of an unpaced stream, each a chunk of its own: fewer would measure the upstream's system calls. */
export const FLOOD_BURST = 32;

const MODEL = "door:latest";
/** Asked for it, the upstream streams without a pace. */
export const FLOOD_MODEL = "door-flood:latest";
export const MODELS = [MODEL, FLOOD_MODEL, "door-think:latest", "door-tool:latest"];
const CREATED_AT = "2026-11-23T03:53:56.768075485Z";
const CREATED = 1_795_406_036;
const ANSWER = "The door is closed, and it knows you.";
const WORD = " closed";
const TIMES = { total_duration: 259_090_729, load_duration: 254_184_915, prompt_eval_count: 14, prompt_eval_duration: 828_000 };

export const TOKEN_LINE = `${JSON.stringify({ model: MODEL, created_at: CREATED_AT, message: { role: "assistant", content: WORD }, done: false })}\n`;
const TOKEN_EVENT = event(completionChunk([{ index: 0, delta: { role: "assistant", content: WORD }, finish_reason: null }]));

export const CHAT_ANSWER = JSON.stringify({
	model: MODEL,
	created_at: CREATED_AT,
	message: { role: "assistant", content: ANSWER },
	done: true,
	done_reason: "stop",
	...TIMES,
	eval_count: 9,
	eval_duration: 1_619_000,
});

export const COMPLETION_ANSWER = JSON.stringify({
	id: "chatcmpl-361",
	object: "chat.completion",
	created: CREATED,
	model: MODEL,
	system_fingerprint: "fp_ollama",
	choices: [{ index: 0, message: { role: "assistant", content: ANSWER }, finish_reason: "stop" }],
	usage: usageOf(9),
});

export const MODEL_LIST = JSON.stringify({ models: MODELS.map(listed) });
export const LOADED_LIST = JSON.stringify({ models: [] });
export const VERSION_ANSWER = JSON.stringify({ version: "0.33.0" });

export function lastLine(tokens: number): string {
	const closing = { message: { role: "assistant", content: "" }, done: true, done_reason: "length", ...TIMES, eval_count: tokens };
	return `${JSON.stringify({ model: MODEL, created_at: CREATED_AT, ...closing, eval_duration: tokens * 25_000_000 })}\n`;
}

/** What a stream consists of: so many times its token, then its closing. */
export interface StreamScript {
	readonly contentType: string;
	readonly token: string;
	/** Line feeds in the token, by which tokens are counted. */
	readonly linesPerToken: number;
	readonly closing: (tokens: number) => string;
	/** How the closing ends, whoever wrote it. */
	readonly lastWord: string;
}

export const STREAM_SCRIPTS: Readonly<Record<StreamDialect, StreamScript>> = {
	ndjson: { contentType: "application/x-ndjson", token: TOKEN_LINE, linesPerToken: 1, closing: lastLine, lastWord: "}\n" },
	sse: { contentType: "text/event-stream", token: TOKEN_EVENT, linesPerToken: 2, closing: lastEvents, lastWord: "data: [DONE]\n\n" },
};

export interface RequestParts {
	readonly method: "GET" | "POST";
	readonly path: string;
	/** Without those that frame the body. */
	readonly fields: readonly (readonly [name: string, value: string])[];
	readonly body: string;
}

/** The upstream reads the number of tokens back out of the body, which a gateway may have written anew. */
export function requestParts(workload: Workload, authorization: string, tokens: number): RequestParts {
	const { path } = PLAYS[workload];
	const fields = [
		["Host", "localhost"],
		["Authorization", authorization],
		["User-Agent", "rempart-bench"],
		["Accept", "*/*"],
	] as const;
	if (workload === "get") return { method: "GET", path, fields, body: "" };
	return { method: "POST", path, fields: [...fields, ["Content-Type", "application/json"]], body: bodyOf(workload, tokens) };
}

/** One whole request. */
export function requestBytes(
	workload: Workload,
	authorization: string,
	tokens: number,
	more: readonly (readonly [name: string, value: string])[] = [],
): Buffer {
	const { method, path, fields, body } = requestParts(workload, authorization, tokens);
	const framing = method === "GET" ? [] : [["Content-Length", String(Buffer.byteLength(body))] as const];
	const lines = [...fields, ...more, ...framing].map(([name, value]) => `${name}: ${value}\r\n`);
	return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`);
}

/** Whether a whole short answer is the right one. A gateway may filter and rewrite a list; an answer only where it is known to. */
export function isRightAnswer(workload: Workload, body: string, rewritten = false): boolean {
	if (workload === "get") return namesIn(body).join() === namesIn(MODEL_LIST).join();
	if (rewritten) return body.includes(`"content":"${ANSWER}"`);
	return body === (workload === "chat" ? CHAT_ANSWER : COMPLETION_ANSWER);
}

function bodyOf(workload: Workload, tokens: number): string {
	const { path, stream, paced } = PLAYS[workload];
	const model = stream !== null && !paced ? FLOOD_MODEL : MODEL;
	const asked = { model, messages: [{ role: "user", content: "who is there?" }] };
	if (stream === null) return JSON.stringify({ ...asked, stream: false });
	if (path === "/api/chat") return JSON.stringify({ ...asked, stream: true, options: { num_predict: tokens } });
	return JSON.stringify({ ...asked, stream: true, stream_options: { include_usage: true }, max_tokens: tokens });
}

function lastEvents(tokens: number): string {
	const end = completionChunk([{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: "length" }]);
	return `${event(end)}${event({ ...completionChunk([]), usage: usageOf(tokens) })}data: [DONE]\n\n`;
}

function completionChunk(choices: readonly object[]): object {
	const head = { id: "chatcmpl-361", object: "chat.completion.chunk", created: CREATED, model: MODEL, system_fingerprint: "fp_ollama" };
	return { ...head, choices };
}

function event(data: object): string {
	return `data: ${JSON.stringify(data)}\n\n`;
}

function usageOf(tokens: number): object {
	return { prompt_tokens: 14, completion_tokens: tokens, total_tokens: 14 + tokens };
}

function namesIn(list: string): readonly string[] {
	return [...list.matchAll(/"name":"([^"]+)"/g)].map(([, name = ""]) => name);
}

function listed(name: string) {
	return {
		name,
		model: name,
		modified_at: CREATED_AT,
		size: 2_514_167,
		digest: "1af63b315bdf0c4488048db64dcedef8ccd6f14266a1a022bd0fc051b1f314bc",
		details: {
			parent_model: "",
			format: "gguf",
			family: "llama",
			families: ["llama"],
			parameter_size: "1.25M",
			quantization_level: "F16",
			context_length: 4096,
			embedding_length: 384,
		},
		capabilities: ["completion"],
	};
}
