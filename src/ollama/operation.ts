/** One row of the operation table: all that Rempart knows about one route of Ollama. Types only; the rows are in `operations.ts`. */
import type { Dialect, OperationClass } from "../model/operation-class.ts";

export interface Operation {
	/** Permanent, kebab-case, unique: `chat`, `v1-chat-completions`, `blob-upload`. Metrics and events carry it. */
	readonly id: string;
	readonly methods: readonly Method[];
	/** With at most one `:parameter`, always the last segment. */
	readonly path: string;
	readonly class: OperationClass;
	readonly dialect: Dialect;
	readonly body: BodyKind;
	/** Where models are named, and what each is used for. */
	readonly models: readonly ModelField[];
	readonly streams: Streams;
	/** Where the answer says what was used. */
	readonly usage: UsageSource;
	/** What of a whole JSON answer must be filtered by what the caller may see. */
	readonly filter: ResponseFilter | null;
	/** First and last release of Ollama that has the route; null where it is older than 0.1 or still there. */
	readonly since: string | null;
	readonly until: string | null;
	/** One line for the generated reference. */
	readonly summary: string;
}

export type Method = "GET" | "HEAD" | "POST" | "DELETE";

/** json: read whole, judged, re-serialised · multipart: read whole, judged, rebuilt · blob: streamed through under its digest, never buffered. */
export type BodyKind = "none" | "json" | "multipart" | "blob";

export interface ModelField {
	readonly in: "body" | "path";
	/** Top-level key of the body or name of the path parameter. `model` also reads its deprecated twin `name`. */
	readonly name: string;
	readonly role: ModelRole;
	readonly required: boolean;
}

/** use: asked to answer or to be shown · fetch: comes from a registry · send: goes to a registry · source, target: copied, built or deleted here. */
export type ModelRole = "use" | "fetch" | "send" | "source" | "target" | "delete";

/** never · ndjson unless `stream:false` · sse only with `stream:true` */
export type Streams = "never" | "ndjson-by-default" | "sse-when-asked";

/**
 * none · record: Ollama's closing record (last NDJSON line or whole body) · embed: one JSON object with prompt_eval_count · estimate: nowhere, so
 * from the prompt's length · openai-chat, openai-completion: `usage`, in a stream only when asked · openai-embeddings · openai-responses ·
 * anthropic: `usage` of message_start and message_delta
 */
export type UsageSource =
	| "none"
	| "record"
	| "embed"
	| "estimate"
	| "openai-chat"
	| "openai-completion"
	| "openai-embeddings"
	| "openai-responses"
	| "anthropic";

export type ResponseFilter = "tags" | "ps" | "show" | "v1-models" | "v1-model" | "version";
