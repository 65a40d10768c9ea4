/** The demonstration server's routes: method and path to handler. Everything else is a 404, a known path with another method a 405. */
import { meRoute, recommendationsRoute, signoutRoute, webFetchRoute, webSearchRoute } from "./account.ts";
import { messagesRoute } from "./anthropic.ts";
import { embeddingsRoute, embedRoute } from "./embedding.ts";
import type { Handler } from "./exchange.ts";
import { openAiModelRoute, openAiModelsRoute, psRoute, showRoute, tagsRoute } from "./inventory.ts";
import { blobHeadRoute, blobUploadRoute, copyRoute, createRoute, deleteRoute } from "./library.ts";
import { chatRoute, generateRoute } from "./native-inference.ts";
import { openAiChatRoute } from "./openai-chat.ts";
import { openAiCompletionRoute } from "./openai-completion.ts";
import { openAiEmbeddingsRoute } from "./openai-embeddings.ts";
import { pullRoute, pushRoute } from "./registry.ts";
import { responsesRoute } from "./responses-request.ts";
import { transcriptionRoute } from "./transcription.ts";

/** The version whose wire format this is. */
const VERSION = "0.33.0-rc2";

export interface Match {
	readonly handler: Handler;
	readonly parameter: string;
}

const root: Handler = ({ reply }) => reply.text(200, "Ollama is running", "text/plain; charset=utf-8");
const version: Handler = ({ reply }) => reply.json(200, { version: VERSION });
const status: Handler = ({ reply }) => reply.json(200, { cloud: { disabled: false, source: "none" } });

/** In the order in which Ollama lists methods in `Allow`. */
const METHODS = ["HEAD", "GET", "POST", "DELETE"] as const;

const ROUTES: readonly (readonly [method: (typeof METHODS)[number], path: string, handler: Handler])[] = [
	["HEAD", "/", root],
	["GET", "/", root],
	["HEAD", "/api/version", version],
	["GET", "/api/version", version],
	["GET", "/api/status", status],
	["HEAD", "/api/tags", tagsRoute],
	["GET", "/api/tags", tagsRoute],
	["GET", "/api/ps", psRoute],
	["POST", "/api/show", showRoute],
	["POST", "/api/generate", generateRoute],
	["POST", "/api/chat", chatRoute],
	["POST", "/api/embed", embedRoute],
	["POST", "/api/embeddings", embeddingsRoute],
	["POST", "/api/pull", pullRoute],
	["POST", "/api/push", pushRoute],
	["POST", "/api/create", createRoute],
	["POST", "/api/copy", copyRoute],
	["DELETE", "/api/delete", deleteRoute],
	["HEAD", "/api/blobs/:", blobHeadRoute],
	["POST", "/api/blobs/:", blobUploadRoute],
	["POST", "/api/me", meRoute],
	["POST", "/api/signout", signoutRoute],
	["DELETE", "/api/user/keys/:", signoutRoute],
	["POST", "/api/experimental/web_search", webSearchRoute],
	["POST", "/api/experimental/web_fetch", webFetchRoute],
	["GET", "/api/experimental/model-recommendations", recommendationsRoute],
	["POST", "/v1/chat/completions", openAiChatRoute],
	["POST", "/v1/completions", openAiCompletionRoute],
	["POST", "/v1/embeddings", openAiEmbeddingsRoute],
	["GET", "/v1/models", openAiModelsRoute],
	["GET", "/v1/models/:", openAiModelRoute],
	["POST", "/v1/responses", responsesRoute],
	["POST", "/v1/audio/transcriptions", transcriptionRoute],
	["POST", "/v1/messages", messagesRoute],
];

const byPath = new Map<string, Map<string, Handler>>();
for (const [method, path, handler] of ROUTES) byPath.set(path, (byPath.get(path) ?? new Map()).set(method, handler));

/** The path decoded: `/api%2Ftags` reaches the route, as recorded. */
export function match(method: string, path: string): Match | null {
	const [handlers, parameter] = handlersOf(path);
	const handler = handlers?.get(method);
	return handler === undefined ? null : { handler, parameter };
}

/** The methods that a path has; none when it is unknown. */
export function methodsOf(path: string): readonly string[] {
	const [handlers] = handlersOf(path);
	return METHODS.filter((method) => handlers?.has(method) === true);
}

function handlersOf(path: string): [Map<string, Handler> | undefined, string] {
	const exact = byPath.get(path);
	if (exact !== undefined && !path.endsWith(":")) return [exact, ""];
	const cut = path.lastIndexOf("/") + 1;
	const parameter = path.slice(cut);
	return parameter === "" ? [undefined, ""] : [byPath.get(`${path.slice(0, cut)}:`), parameter];
}
