/**
 * What the scripted upstream says and what the load generator asks: both sides of one play, so that each knows what the other must see.
 *
 * The answers have the shape and size of a real Ollama's; only the clock in them stands still, so that every answer is the same bytes.
 */
import { Buffer } from "node:buffer";

export const WORKLOADS = ["get", "chat", "stream"] as const;
export type Workload = (typeof WORKLOADS)[number];

/** Of every stream, and of the one timer behind all of them. */
export const TOKENS_PER_SECOND = 40;

const MODEL = "door:latest";
const CREATED_AT = "2026-11-23T03:53:56.768075485Z";
const TIMES = { total_duration: 259_090_729, load_duration: 254_184_915, prompt_eval_count: 14, prompt_eval_duration: 828_000 };

export const TOKEN_LINE = `${JSON.stringify({ model: MODEL, created_at: CREATED_AT, message: { role: "assistant", content: " closed" }, done: false })}\n`;

export const CHAT_ANSWER = JSON.stringify({
	model: MODEL,
	created_at: CREATED_AT,
	message: { role: "assistant", content: "The door is closed, and it knows you." },
	done: true,
	done_reason: "stop",
	...TIMES,
	eval_count: 9,
	eval_duration: 1_619_000,
});

export const MODEL_LIST = JSON.stringify({ models: [MODEL, "door-think:latest", "door-tool:latest"].map(listed) });
export const LOADED_LIST = JSON.stringify({ models: [] });
export const VERSION_ANSWER = JSON.stringify({ version: "0.33.0" });

export function lastLine(tokens: number): string {
	const closing = { message: { role: "assistant", content: "" }, done: true, done_reason: "length", ...TIMES, eval_count: tokens };
	return `${JSON.stringify({ model: MODEL, created_at: CREATED_AT, ...closing, eval_duration: tokens * 25_000_000 })}\n`;
}

/** One whole request. The upstream reads the number of tokens back out of the body, which a gateway may have written anew. */
export function requestBytes(workload: Workload, authorization: string, tokens: number): Buffer {
	const fields = `Host: localhost\r\nAuthorization: ${authorization}\r\nUser-Agent: rempart-bench\r\nAccept: */*\r\n`;
	if (workload === "get") return Buffer.from(`GET /api/tags HTTP/1.1\r\n${fields}\r\n`);
	const messages = [{ role: "user", content: "who is there?" }];
	const asked = workload === "chat" ? { stream: false } : { stream: true, options: { num_predict: tokens } };
	const body = JSON.stringify({ model: MODEL, messages, ...asked });
	return Buffer.from(
		`POST /api/chat HTTP/1.1\r\n${fields}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
	);
}

/** Whether a whole short answer is the right one. A gateway may filter and rewrite a list, but not an answer. */
export function isRightAnswer(workload: "get" | "chat", body: string): boolean {
	return workload === "chat" ? body === CHAT_ANSWER : namesIn(body).join() === namesIn(MODEL_LIST).join();
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
