/**
 * Reads a model name as Ollama would, narrowed to the names that mean one thing only.
 *
 *  - Whatever is accepted, Ollama reads as the same host, namespace, model and tag (`types/model/name.go`, `internal/modelref`).
 *  - ASCII is checked before lower-casing: U+212A lower-cases to `k`, and two names must not meet that way.
 *  - `:local` and `:cloud` are not tags but say where a model runs: `door:local` is `door`, `gpt-oss:20b:cloud` is `gpt-oss:20b-cloud`.
 *  - No scheme, user info, digest, `..` or trailing dot: a dot at the end disappears on some file systems, and so would a rule about the name.
 *
 * Cost: linear in a text of at most 600 characters; longer ones are refused unread.
 */
import { DEFAULT_HOST, DEFAULT_NAMESPACE, DEFAULT_TAG, type ModelName } from "./model-name.ts";

export interface ReadModelName {
	readonly name: ModelName;
	/**
	 * What is sent upstream: without default host and namespace, with a tag only where one was written, because Ollama's answers echo it.
	 * Lower case for the default registry. On other hosts the path keeps its letter case, since a registry may tell cases apart; Ollama finds
	 * models that it has without regard to case, and so does policy.
	 */
	readonly forwarded: string;
}

const LONGEST = 600;
const CHARSET = /^[A-Za-z0-9_.:/-]+$/;
const HOST = /^[a-z0-9_][a-z0-9_-]*(?:\.[a-z0-9_-]+)*(?::[0-9]{1,5})?$/;
const NAMESPACE = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,79}$/;
const MODEL_OR_TAG = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,78}[A-Za-z0-9_-])?$/;

/** The canonical name, or null where the text is not one. */
export function parseModelName(text: string): ModelName | null {
	return readModelName(text)?.name ?? null;
}

/** Answers to the names that were asked for last: a server has a handful of models, and every request names one. */
const answers = new Map<string, ReadModelName | null>();
const MOST_ANSWERS = 1_000;
/** What a name that is kept may take. */
const LONGEST_KEPT = 100;

export function readModelName(text: string): ReadModelName | null {
	const known = answers.get(text);
	if (known !== undefined) return known;
	const read = parse(text);
	if (text.length <= LONGEST_KEPT) {
		// Whoever makes names up pushes out the others, which then cost what they cost before.
		if (answers.size >= MOST_ANSWERS) answers.clear();
		answers.set(text, read);
	}
	return read;
}

function parse(text: string): ReadModelName | null {
	if (text.length > LONGEST || !CHARSET.test(text) || text.includes("..")) return null;
	const settled = settleSource(text);
	if (settled === null) return null;

	const colon = settled.lastIndexOf(":");
	const tagged = colon > settled.lastIndexOf("/");
	const tag = tagged ? settled.slice(colon + 1) : DEFAULT_TAG;
	const parts = (tagged ? settled.slice(0, colon) : settled).split("/");
	if (parts.length > 3) return null;
	const model = parts[parts.length - 1] ?? "";
	const namespace = parts.length > 1 ? (parts[parts.length - 2] ?? "") : DEFAULT_NAMESPACE;
	const host = (parts.length === 3 ? (parts[0] ?? "") : DEFAULT_HOST).toLowerCase();

	if (!MODEL_OR_TAG.test(model) || !MODEL_OR_TAG.test(tag) || !NAMESPACE.test(namespace) || host.length > 350 || !HOST.test(host))
		return null;
	return { name: nameOf(host, namespace.toLowerCase(), model.toLowerCase(), tag.toLowerCase()), forwarded: spell() };

	function spell(): string {
		const suffix = tagged ? `:${tag}` : "";
		if (host !== DEFAULT_HOST) return `${host}/${namespace}/${model}${suffix}`;
		const whole = namespace.toLowerCase() === DEFAULT_NAMESPACE ? `${model}${suffix}` : `${namespace}/${model}${suffix}`;
		return whole.toLowerCase();
	}
}

function nameOf(host: string, namespace: string, model: string, tag: string): ModelName {
	const full = `${host}/${namespace}/${model}:${tag}`;
	const skipped = host !== DEFAULT_HOST ? 0 : host.length + 1 + (namespace === DEFAULT_NAMESPACE ? namespace.length + 1 : 0);
	const cloud = tag === "cloud" || tag.endsWith("-cloud");
	return Object.freeze({ host, namespace, model, tag, full, short: full.slice(skipped), cloud });
}

/** Turns a source suffix into a plain tag or into nothing. Null where there are two of them: Ollama refuses those too. */
function settleSource(text: string): string | null {
	const source = sourceOf(text);
	if (source === null) return text;
	if (sourceOf(source.base) !== null) return null;
	if (source.kind === "local") return source.base;
	if (source.kind === "cloud-in-tag") return text;
	return source.base.lastIndexOf(":") > source.base.lastIndexOf("/") ? `${source.base}-cloud` : text;
}

function sourceOf(text: string): { readonly base: string; readonly kind: "local" | "cloud" | "cloud-in-tag" } | null {
	const colon = text.lastIndexOf(":");
	if (colon < 0) return null;
	const suffix = text.slice(colon + 1).toLowerCase();
	if (suffix === "local" || suffix === "cloud") return { base: text.slice(0, colon), kind: suffix };
	if (suffix.endsWith("-cloud") && !suffix.includes("/")) return { base: text.slice(0, -"-cloud".length), kind: "cloud-in-tag" };
	return null;
}
