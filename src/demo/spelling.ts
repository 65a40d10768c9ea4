/**
 * Model names as Ollama itself reads them, which is more generous than the gateway: any case, a scheme, spaces around, defaults left out.
 * The canonical form that policy compares is another one (`model-name.ts` of the gateway); here we play the server behind it.
 */
export interface Spelling {
	readonly host: string;
	readonly namespace: string;
	readonly model: string;
	readonly tag: string;
	/** Runs on ollama.com. */
	readonly cloud: boolean;
}

export const REGISTRY = "registry.ollama.ai";
export const NAMESPACE = "library";

const HOST = /^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,349}$/;
const NAMESPACE_PART = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,79}$/;
const PART = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}$/;

/** Null where Ollama says "invalid model name". */
export function spell(written: string): Spelling | null {
	const name = written.trim();
	const bare = name.replace(/^[A-Za-z]+:\/\//, "");
	const cloud = /(?::cloud|-cloud)$/.test(bare);
	const local = bare.replace(/:local$/, "");
	const slash = local.lastIndexOf("/");
	const colon = local.indexOf(":", slash + 1);
	const path = colon < 0 ? local : local.slice(0, colon);
	const tag = colon < 0 ? "latest" : local.slice(colon + 1);
	const parts = path.split("/");
	const model = parts.pop() ?? "";
	const namespace = parts.pop() ?? NAMESPACE;
	const host = parts.length === 0 ? REGISTRY : parts.join("/");
	if (!HOST.test(host) || !NAMESPACE_PART.test(namespace) || !PART.test(model) || !PART.test(tag)) return null;
	return { host, namespace, model, tag, cloud };
}

/** Host, namespace, model and tag: `registry.ollama.ai/library/door:latest`. */
export function full({ host, namespace, model, tag }: Spelling): string {
	return `${host}/${namespace}/${model}:${tag}`;
}

/** Without host and namespace where they are the usual ones: `door:latest`. */
export function shortest({ host, namespace, model, tag }: Spelling): string {
	if (host !== REGISTRY) return `${host}/${namespace}/${model}:${tag}`;
	return namespace === NAMESPACE ? `${model}:${tag}` : `${namespace}/${model}:${tag}`;
}

/** Names are one whatever their case. */
export function keyOf(name: Spelling): string {
	return full(name).toLowerCase();
}
