/**
 * The closed table of what Ollama serves, release by release, and the way from a method and a path to a row of it.
 *
 *  - What is not in the table does not exist here: new routes appear in Ollama every month, so a list of forbidden ones is always out of date.
 *  - Paths are compared byte for byte and never decoded: Ollama routes `/api/%70ull` to pull, and whoever decodes differently is walked around.
 *  - Routes that only older servers have are kept, with the releases between which they were there.
 */
import type { Method, ModelField, Operation } from "./operation.ts";

const MODEL: ModelField = { in: "body", name: "model", role: "use", required: true };
const ollama = {
	dialect: "ollama",
	body: "none",
	models: [],
	streams: "never",
	usage: "none",
	filter: null,
	since: null,
	until: null,
} as const;
const post = { ...ollama, methods: ["POST"], body: "json" } as const;
const openai = { ...ollama, dialect: "openai" } as const;
const openaiPost = { ...post, dialect: "openai" } as const;

export const OPERATIONS: readonly Operation[] = [
	{ ...ollama, id: "root", methods: ["GET", "HEAD"], path: "/", class: "probe", summary: "Says that Ollama is running" },
	{
		...ollama,
		id: "version",
		methods: ["GET", "HEAD"],
		path: "/api/version",
		class: "probe",
		filter: "version",
		summary: "Version of Ollama",
	},
	{
		...ollama,
		id: "status",
		methods: ["GET"],
		path: "/api/status",
		class: "probe",
		since: "0.16.2",
		summary: "Whether cloud functions are off",
	},
	{ ...ollama, id: "tags", methods: ["GET", "HEAD"], path: "/api/tags", class: "read", filter: "tags", summary: "Lists models" },
	{ ...ollama, id: "ps", methods: ["GET"], path: "/api/ps", class: "read", filter: "ps", since: "0.1.47", summary: "Lists loaded models" },
	{ ...post, id: "show", path: "/api/show", class: "read", models: [MODEL], filter: "show", summary: "Describes one model" },
	{
		...post,
		id: "generate",
		path: "/api/generate",
		class: "infer",
		models: [MODEL],
		streams: "ndjson-by-default",
		usage: "record",
		summary: "Completes a prompt; without one loads or unloads the model",
	},
	{
		...post,
		id: "chat",
		path: "/api/chat",
		class: "infer",
		models: [MODEL],
		streams: "ndjson-by-default",
		usage: "record",
		summary: "Answers a chat; without messages loads or unloads the model",
	},
	{
		...post,
		id: "embed",
		path: "/api/embed",
		class: "infer",
		models: [MODEL],
		usage: "embed",
		since: "0.3.0",
		summary: "Embeds one or many texts",
	},
	{
		...post,
		id: "embeddings",
		path: "/api/embeddings",
		class: "infer",
		models: [MODEL],
		usage: "estimate",
		summary: "Embeds one text (older form)",
	},
	{
		...post,
		id: "pull",
		path: "/api/pull",
		class: "manage",
		models: [{ ...MODEL, role: "fetch" }],
		streams: "ndjson-by-default",
		summary: "Downloads a model from a registry",
	},
	{
		...post,
		id: "push",
		path: "/api/push",
		class: "manage",
		models: [{ ...MODEL, role: "send" }],
		streams: "ndjson-by-default",
		summary: "Uploads a model to a registry",
	},
	{
		...post,
		id: "create",
		path: "/api/create",
		class: "manage",
		models: [
			{ ...MODEL, role: "target" },
			{ in: "body", name: "from", role: "source", required: false },
		],
		streams: "ndjson-by-default",
		summary: "Makes a model of another model, of blobs or of a remote one",
	},
	{
		...post,
		id: "copy",
		path: "/api/copy",
		class: "manage",
		models: [
			{ in: "body", name: "source", role: "source", required: true },
			{ in: "body", name: "destination", role: "target", required: true },
		],
		summary: "Gives a model a second name",
	},
	{
		...ollama,
		body: "json",
		id: "delete",
		methods: ["DELETE"],
		path: "/api/delete",
		class: "manage",
		models: [{ ...MODEL, role: "delete" }],
		summary: "Deletes a model",
	},
	{
		...ollama,
		methods: ["POST"],
		id: "blob-upload",
		path: "/api/blobs/:digest",
		class: "manage",
		body: "blob",
		summary: "Stores a file under its digest",
	},
	{ ...ollama, id: "blob-check", methods: ["HEAD"], path: "/api/blobs/:digest", class: "manage", summary: "Says whether a file is stored" },
	{
		...ollama,
		methods: ["POST"],
		id: "me",
		path: "/api/me",
		class: "account",
		since: "0.12.0",
		summary: "Asks ollama.com who the operator is",
	},
	{
		...ollama,
		methods: ["POST"],
		id: "signout",
		path: "/api/signout",
		class: "account",
		since: "0.12.1",
		summary: "Signs the operator out",
	},
	{
		...ollama,
		id: "user-key-delete",
		methods: ["DELETE"],
		path: "/api/user/keys/:key",
		class: "account",
		since: "0.12.0",
		summary: "Signs the operator out (older form)",
	},
	{
		...post,
		id: "web-search",
		path: "/api/experimental/web_search",
		class: "cloud",
		since: "0.18.0",
		summary: "Searches the web through the operator's ollama.com account",
	},
	{
		...post,
		id: "web-fetch",
		path: "/api/experimental/web_fetch",
		class: "cloud",
		since: "0.18.0",
		summary: "Fetches a page through the operator's ollama.com account",
	},
	{
		...ollama,
		id: "model-recommendations",
		methods: ["GET"],
		path: "/api/experimental/model-recommendations",
		class: "read",
		since: "0.22.1",
		summary: "Lists models that Ollama suggests",
	},
	{
		...ollama,
		id: "aliases-list",
		methods: ["GET"],
		path: "/api/experimental/aliases",
		class: "manage",
		since: "0.15.5",
		until: "0.17.7",
		summary: "Lists aliases of models",
	},
	{
		...post,
		id: "aliases-set",
		path: "/api/experimental/aliases",
		class: "manage",
		models: [
			{ in: "body", name: "alias", role: "target", required: true },
			{ in: "body", name: "target", role: "source", required: true },
		],
		since: "0.15.5",
		until: "0.17.7",
		summary: "Makes one model name stand for another",
	},
	{
		...ollama,
		body: "json",
		id: "aliases-delete",
		methods: ["DELETE"],
		path: "/api/experimental/aliases",
		class: "manage",
		models: [{ in: "body", name: "alias", role: "delete", required: true }],
		since: "0.15.5",
		until: "0.17.7",
		summary: "Removes an alias",
	},
	{
		...openaiPost,
		id: "v1-chat-completions",
		path: "/v1/chat/completions",
		class: "infer",
		models: [MODEL],
		streams: "sse-when-asked",
		usage: "openai-chat",
		summary: "OpenAI chat completion",
	},
	{
		...openaiPost,
		id: "v1-completions",
		path: "/v1/completions",
		class: "infer",
		models: [MODEL],
		streams: "sse-when-asked",
		usage: "openai-completion",
		since: "0.3.0",
		summary: "OpenAI text completion",
	},
	{
		...openaiPost,
		id: "v1-embeddings",
		path: "/v1/embeddings",
		class: "infer",
		models: [MODEL],
		usage: "openai-embeddings",
		since: "0.3.0",
		summary: "OpenAI embeddings",
	},
	{
		...openai,
		id: "v1-models",
		methods: ["GET"],
		path: "/v1/models",
		class: "read",
		filter: "v1-models",
		summary: "OpenAI list of models",
	},
	{
		...openai,
		id: "v1-model",
		methods: ["GET"],
		path: "/v1/models/:model",
		class: "read",
		models: [{ in: "path", name: "model", role: "use", required: true }],
		filter: "v1-model",
		summary: "OpenAI description of one model",
	},
	{
		...openaiPost,
		id: "v1-responses",
		path: "/v1/responses",
		class: "infer",
		models: [MODEL],
		streams: "sse-when-asked",
		usage: "openai-responses",
		since: "0.13.3",
		summary: "OpenAI response",
	},
	{
		...openai,
		methods: ["POST"],
		id: "v1-audio-transcriptions",
		path: "/v1/audio/transcriptions",
		class: "infer",
		body: "multipart",
		models: [MODEL],
		usage: "estimate",
		since: "0.20.0",
		summary: "OpenAI transcription of speech",
	},
	{
		...openaiPost,
		id: "v1-images-generations",
		path: "/v1/images/generations",
		class: "infer",
		models: [MODEL],
		usage: "estimate",
		since: "0.15.0",
		until: "0.32.5",
		summary: "OpenAI image generation",
	},
	{
		...openaiPost,
		id: "v1-images-edits",
		path: "/v1/images/edits",
		class: "infer",
		models: [MODEL],
		usage: "estimate",
		since: "0.15.0",
		until: "0.32.5",
		summary: "OpenAI image editing",
	},
	{
		...post,
		dialect: "anthropic",
		id: "v1-messages",
		path: "/v1/messages",
		class: "infer",
		models: [MODEL],
		streams: "sse-when-asked",
		usage: "anthropic",
		since: "0.14.0",
		summary: "Anthropic message",
	},
];

export type FoundOperation =
	/** `parameter` is the last segment as sent, not decoded and not yet judged; null where the path has none. */
	| { readonly operation: Operation; readonly parameter: string | null }
	| { readonly unknown: "path" }
	/** The path is known; `allow` is the value of the Allow header, in the table's order. */
	| { readonly unknown: "method"; readonly allow: readonly string[] };

interface Route {
	readonly byMethod: ReadonlyMap<string, Operation>;
	readonly allow: readonly Method[];
}

const UNKNOWN_PATH: FoundOperation = { unknown: "path" };
const EXACT = routesBy((path) => (path.includes(":") ? null : path));
/** Keyed by what stands before the parameter, slash included. */
const WITH_PARAMETER = routesBy((path) => (path.includes(":") ? path.slice(0, path.lastIndexOf("/") + 1) : null));

/** Two look-ups at most, whatever the path. `path` is the request target without its query, as sent. */
export function findOperation(method: string, path: string): FoundOperation {
	const exact = EXACT.get(path);
	if (exact !== undefined) return pick(exact, method, null);
	const slash = path.lastIndexOf("/") + 1;
	const route = WITH_PARAMETER.get(path.slice(0, slash));
	if (route === undefined || slash === path.length) return UNKNOWN_PATH;
	return pick(route, method, path.slice(slash));
}

function pick(route: Route, method: string, parameter: string | null): FoundOperation {
	const operation = route.byMethod.get(method);
	return operation === undefined ? { unknown: "method", allow: route.allow } : { operation, parameter };
}

function routesBy(keyOf: (path: string) => string | null): ReadonlyMap<string, Route> {
	const routes = new Map<string, Map<string, Operation>>();
	for (const operation of OPERATIONS) {
		const key = keyOf(operation.path);
		if (key === null) continue;
		const byMethod = routes.get(key) ?? new Map<string, Operation>();
		for (const method of operation.methods) byMethod.set(method, operation);
		routes.set(key, byMethod);
	}
	return new Map([...routes].map(([key, byMethod]) => [key, { byMethod, allow: allowed(key, keyOf) }]));
}

function allowed(key: string, keyOf: (path: string) => string | null): readonly Method[] {
	return OPERATIONS.filter((operation) => keyOf(operation.path) === key).flatMap((operation) => operation.methods);
}
