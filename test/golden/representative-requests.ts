/**
 * Requests that stand for what is asked of each operation, as they arrive: method, path and body.
 *
 * The authorization matrix shows what becomes of every one of them under every role. A new operation needs at least one line here, else it
 * appears in `uncovered-routes.txt`, which must stay empty.
 */
import type { JsonObject } from "../../src/ollama/judged-request.ts";
import { jpegBytes, pngBytes } from "../support/image-bytes.ts";

export interface Representative {
	/** Id of the operation that it is meant for. */
	readonly operation: string;
	readonly what: string;
	readonly method: string;
	readonly path: string;
	readonly body: JsonObject | Buffer | null;
	readonly contentType?: string;
	/** For uploads: what was declared; null where nothing was. */
	readonly length?: number | null;
}

const DIGEST = `sha256:${"a".repeat(64)}`;
const FILES = { "model.gguf": DIGEST };
const hello = [{ role: "user", content: "hello" }];
const picture = pngBytes(64, 64).toString("base64");
const photo = jpegBytes(64, 64).toString("base64");
const dataUrl = `data:image/png;base64,${picture}`;

const FORM_BOUNDARY = "representative";
const FORM = Buffer.from(
	[
		`--${FORM_BOUNDARY}`,
		'Content-Disposition: form-data; name="model"',
		"",
		"whisper",
		`--${FORM_BOUNDARY}`,
		'Content-Disposition: form-data; name="file"; filename="a.wav"',
		"Content-Type: audio/wav",
		"",
		"RIFF",
		`--${FORM_BOUNDARY}--`,
		"",
	].join("\r\n"),
);

function get(operation: string, path: string, what = "asked"): Representative {
	return { operation, what, method: "GET", path, body: null };
}

function post(operation: string, path: string, what: string, body: JsonObject, method = "POST"): Representative {
	return { operation, what, method, path, body };
}

const chat = (what: string, body: JsonObject) => post("chat", "/api/chat", what, { model: "llama3.2", messages: hello, ...body });
const generate = (what: string, body: JsonObject) => post("generate", "/api/generate", what, { model: "llama3.2", ...body });
const pull = (what: string, body: JsonObject) => post("pull", "/api/pull", what, body);
const push = (what: string, body: JsonObject) => post("push", "/api/push", what, body);
const create = (what: string, body: JsonObject) => post("create", "/api/create", what, { model: "mine", ...body });
const v1Chat = (what: string, body: JsonObject) =>
	post("v1-chat-completions", "/v1/chat/completions", what, { model: "llama3.2", messages: hello, ...body });

export const REPRESENTATIVES: readonly Representative[] = [
	get("root", "/"),
	get("version", "/api/version"),
	get("status", "/api/status"),
	get("tags", "/api/tags"),
	get("ps", "/api/ps"),
	post("show", "/api/show", "a model", { model: "llama3.2" }),
	post("show", "/api/show", "a cloud model", { model: "gpt-oss:120b-cloud" }),

	generate("a prompt", { prompt: "hello" }),
	generate("an image", { prompt: "what is it?", images: [picture] }),
	generate("a broken image (CVE-2025-15514)", { prompt: "what is it?", images: ["<not an image>"] }),
	generate("a preload", {}),
	generate("a preload for ever", { keep_alive: -1 }),
	generate("an unload", { keep_alive: 0 }),
	chat("a short chat", {}),
	chat("a cloud model", { model: "gpt-oss:120b-cloud" }),
	chat("a cloud model in another spelling", { model: "GPT-OSS:Cloud" }),
	chat("a huge context", { options: { num_ctx: 1_000_000 } }),
	chat("an absurd context", { options: { num_ctx: 1_000_000_000 } }),
	chat("a negative num_keep (CVE-2026-21869)", { options: { num_keep: -2 } }),
	chat("kept for ever", { keep_alive: "-1m" }),
	chat("unloaded after", { keep_alive: 0 }),
	chat("seventeen images", { messages: [{ role: "user", content: "?", images: Array.from({ length: 17 }, () => photo) }] }),
	chat("an image by URL", { messages: [{ role: "user", content: "?", images: ["https://evil.example/a.png"] }] }),
	post("embed", "/api/embed", "a batch", { model: "all-minilm", input: ["a", "b"] }),
	post("embeddings", "/api/embeddings", "a text", { model: "all-minilm", prompt: "a" }),
	v1Chat("a short chat", {}),
	v1Chat("an image", { messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: dataUrl } }] }] }),
	v1Chat("an image by URL", {
		messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "https://evil.example/a.png" } }] }],
	}),
	post("v1-completions", "/v1/completions", "a prompt", { model: "llama3.2", prompt: "hello" }),
	post("v1-embeddings", "/v1/embeddings", "a text", { model: "all-minilm", input: "a" }),
	get("v1-models", "/v1/models"),
	get("v1-model", "/v1/models/llama3.2", "a model"),
	get("v1-model", "/v1/models/gpt-oss:120b-cloud", "a cloud model"),
	post("v1-responses", "/v1/responses", "a prompt", { model: "llama3.2", input: "hello" }),
	post("v1-responses", "/v1/responses", "a web search", { model: "llama3.2", input: "hello", tools: [{ type: "web_search" }] }),
	{
		operation: "v1-audio-transcriptions",
		what: "a recording",
		method: "POST",
		path: "/v1/audio/transcriptions",
		body: FORM,
		contentType: `multipart/form-data; boundary=${FORM_BOUNDARY}`,
	},
	post("v1-images-generations", "/v1/images/generations", "a prompt", { model: "flux", prompt: "a door" }),
	post("v1-images-edits", "/v1/images/edits", "an image", { model: "flux", prompt: "open it", image: dataUrl }),
	post("v1-images-edits", "/v1/images/edits", "an image by URL", { model: "flux", prompt: "open it", image: "http://10.0.0.1/a.png" }),
	post("v1-messages", "/v1/messages", "a message", { model: "llama3.2", max_tokens: 100, messages: hello }),
	post("v1-messages", "/v1/messages", "a web search", {
		model: "llama3.2",
		max_tokens: 100,
		messages: hello,
		tools: [{ type: "web_search_20250305", name: "web_search" }],
	}),

	pull("a model", { model: "llama3.2" }),
	pull("a model by its old field", { name: "llama3.2" }),
	pull("a cloud model", { model: "gpt-oss:120b-cloud" }),
	pull("another registry", { model: "hf.co/acme/gpt" }),
	pull("a hostile registry (CVE-2024-37032)", { name: "http://evil.example/ns/x", insecure: true }),
	pull("an unprotected connection", { model: "llama3.2", insecure: true }),
	pull("the metadata service (CVE-2026-5530)", { model: "169.254.169.254/latest/meta-data" }),
	pull("a port inside", { model: "registry.internal:5000/a/b" }),
	push("a model", { model: "me/mine" }),
	push("a traversal (CVE-2024-39722)", { model: "../../etc/passwd" }),
	push("to a hostile host (CVE-2026-7482)", { model: "evil.example/ns/x" }),
	push("over plain HTTP (CVE-2026-7482)", { model: "me/mine", insecure: true }),
	create("from a model", { from: "llama3.2", system: "be brief" }),
	create("from a cloud model", { from: "gpt-oss:120b-cloud" }),
	create("from a hostile registry", { from: "evil.example/ns/x" }),
	create("from files", { files: FILES }),
	create("from files, quantised (CVE-2026-7482)", { files: FILES, quantize: "F32" }),
	create("with an empty digest (issue 13223)", { files: { a: "" } }),
	create("as a remote model", { from: "x", remote_host: "https://evil.example" }),
	create("from a path (CVE-2024-39719)", { path: "/etc/passwd" }),
	create("by a Modelfile", { modelfile: "FROM llama3.2" }),
	create("with a baked-in context", { from: "llama3.2", parameters: { num_ctx: 1_000_000 } }),
	create("under a hostile host's name", { model: "evil.example/ns/x", from: "llama3.2" }),
	post("copy", "/api/copy", "a model", { source: "llama3.2", destination: "mine" }),
	post("copy", "/api/copy", "a cloud model to a harmless name", { source: "gpt-oss:120b-cloud", destination: "mine" }),
	post("copy", "/api/copy", "to a hostile host's name", { source: "llama3.2", destination: "evil.example/ns/x" }),
	post("delete", "/api/delete", "a model", { model: "llama3.2" }, "DELETE"),
	{ operation: "blob-upload", what: "a file", method: "POST", path: `/api/blobs/${DIGEST}`, body: null, length: 5_000_000_000 },
	{ operation: "blob-upload", what: "four bytes (CVE-2024-39720)", method: "POST", path: `/api/blobs/${DIGEST}`, body: null, length: 4 },
	{ operation: "blob-check", what: "a digest", method: "HEAD", path: `/api/blobs/${DIGEST}`, body: null },
	get("aliases-list", "/api/experimental/aliases"),
	post("aliases-set", "/api/experimental/aliases", "a model", { alias: "mine", target: "llama3.2" }),
	post("aliases-set", "/api/experimental/aliases", "a cloud model", { alias: "mine", target: "gpt-oss:120b-cloud" }),
	post("aliases-delete", "/api/experimental/aliases", "an alias", { alias: "mine" }, "DELETE"),

	{ operation: "me", what: "asked", method: "POST", path: "/api/me", body: null },
	{ operation: "signout", what: "asked", method: "POST", path: "/api/signout", body: null },
	{ operation: "user-key-delete", what: "asked", method: "DELETE", path: "/api/user/keys/AAAA", body: null },
	post("web-search", "/api/experimental/web_search", "a query", { query: "door" }),
	post("web-fetch", "/api/experimental/web_fetch", "a page", { url: "https://example.org" }),
	get("model-recommendations", "/api/experimental/model-recommendations"),
];

/**
 * The routes of every release of Ollama up to 0.33.0-rc2, from its route tables. Each must be an operation of ours, so that a route is refused
 * because of what it does and not because nobody thought of it.
 */
export const OLLAMA_ROUTES: readonly string[] = `
GET /
HEAD /
GET /api/version
HEAD /api/version
GET /api/status
GET /api/tags
HEAD /api/tags
GET /api/ps
POST /api/show
POST /api/pull
POST /api/push
POST /api/create
POST /api/copy
DELETE /api/delete
POST /api/blobs/${DIGEST}
HEAD /api/blobs/${DIGEST}
POST /api/me
POST /api/signout
DELETE /api/user/keys/AAAA
POST /api/experimental/web_search
POST /api/experimental/web_fetch
GET /api/experimental/model-recommendations
GET /api/experimental/aliases
POST /api/experimental/aliases
DELETE /api/experimental/aliases
POST /api/generate
POST /api/chat
POST /api/embed
POST /api/embeddings
POST /v1/chat/completions
POST /v1/completions
POST /v1/embeddings
GET /v1/models
GET /v1/models/llama3.2
POST /v1/responses
POST /v1/audio/transcriptions
POST /v1/images/generations
POST /v1/images/edits
POST /v1/messages
`
	.trim()
	.split("\n");
