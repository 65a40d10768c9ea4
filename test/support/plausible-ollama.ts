/** Answers of the right shape to everything that Ollama serves, so that whatever the gateway forwards succeeds. It looks at nothing but the target. */
import type { FakeRequest } from "./fake-upstream.ts";

const MODEL = { name: "door:latest", model: "door:latest", size: 1, digest: "d", details: { family: "llama", parent_model: "" } };

/** For `startWorkedUpstream`: `text` is what models say. */
export function plausibleOllama(text = "a friend"): (request: FakeRequest) => Promise<void> {
	return async (request) => {
		await request.body;
		const body = answerTo(request.target, text);
		if (request.method !== "HEAD") return await request.respond(200, body);
		await request.connection.send(
			`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`,
		);
	};
}

function answerTo(target: string, text: string): string {
	if (target === "/") return "Ollama is running";
	if (target === "/api/version") return '{"version":"0.33.0"}';
	if (target === "/api/tags" || target === "/api/ps") return JSON.stringify({ models: [MODEL] });
	if (target === "/api/show")
		return JSON.stringify({ details: MODEL.details, system: text, model_info: { "general.architecture": "llama" } });
	if (target === "/v1/models") return JSON.stringify({ object: "list", data: [V1_MODEL] });
	if (target.startsWith("/v1/models/")) return JSON.stringify(V1_MODEL);
	if (target === "/v1/messages") return JSON.stringify({ type: "message", content: [{ type: "text", text }], usage: TOKENS });
	if (target.startsWith("/v1/"))
		return JSON.stringify({ object: "x", choices: [{ message: { role: "assistant", content: text } }], usage: TOKENS });
	return JSON.stringify({
		model: "door",
		response: text,
		message: { role: "assistant", content: text },
		done: true,
		eval_count: 2,
		prompt_eval_count: 3,
	});
}

const V1_MODEL = { id: "door", object: "model", created: 0, owned_by: "library" };
const TOKENS = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5, input_tokens: 3, output_tokens: 2 };
