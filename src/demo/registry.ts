/**
 * Pull and push, played: no connection is ever made.
 *
 *  - One model can be pulled, with layers and progress as from a registry; every other name fails the way an Ollama without a way out fails.
 *  - A push finds its local model and then nobody to take it.
 */
import type { Shape } from "./bind.ts";
import { type Exchange, type Handler, Refusal, read } from "./exchange.ts";
import { MODELS_DIRECTORY } from "./inventory.ts";
import { configLayer, type Layer } from "./manifest.ts";
import { layersOf, PULLABLE_MODEL } from "./model-store.ts";
import { type Progress, progress } from "./progress.ts";
import { keyOf, NAMESPACE, REGISTRY, type Spelling, spell } from "./spelling.ts";

const TRANSFER_FIELDS = {
	model: "string",
	insecure: "bool",
	username: "string",
	password: "string",
	stream: "bool",
	name: "string",
} as const;
const PULL: Shape = { struct: "PullRequest", package: "api", fields: TRANSFER_FIELDS };
const PUSH: Shape = { struct: "PushRequest", package: "api", fields: TRANSFER_FIELDS };

/** In how many steps a layer arrives. */
const STEPS = 4;

export const pullRoute: Handler = async (exchange) => {
	const sent = await read(exchange, PULL);
	const name = spell(sent.string("model") || sent.string("name"));
	if (name === null) throw new Refusal(400, "invalid model name");
	await progress(exchange, pulling(exchange, name, sent.bool("insecure") ?? false), sent.bool("stream") ?? true);
};

async function* pulling({ models }: Exchange, name: Spelling, insecure: boolean): AsyncGenerator<Progress, void, void> {
	yield { status: "pulling manifest" };
	const pullable = spell(PULLABLE_MODEL.name);
	if (pullable === null || keyOf(name) !== keyOf(pullable)) throw new Refusal(500, manifestUnreachable(name, insecure));
	for (const layer of [...layersOf(PULLABLE_MODEL), configLayer()]) yield* arriving(layer, models.blob(layer.digest) !== null);
	yield { status: "verifying sha256 digest" };
	yield { status: "writing manifest" };
	models.put(PULLABLE_MODEL);
	yield { status: "success" };
}

function* arriving({ digest, size }: Layer, present: boolean): Generator<Progress, void, void> {
	const status = `pulling ${digest.slice("sha256:".length, "sha256:".length + 12)}`;
	if (!present) yield { status, digest, total: size };
	for (let step = 1; step < STEPS && !present; step += 1)
		yield { status, digest, total: size, completed: Math.floor((size * step) / STEPS) };
	yield { status, digest, total: size, completed: size };
}

export const pushRoute: Handler = async (exchange) => {
	const sent = await read(exchange, PUSH);
	const written = sent.string("model") || sent.string("name");
	if (written === "") throw new Refusal(400, "model is required");
	await progress(exchange, pushing(exchange, written, sent.bool("insecure") ?? false), sent.bool("stream") ?? true);
};

async function* pushing({ models }: Exchange, written: string, insecure: boolean): AsyncGenerator<Progress, void, void> {
	const name = spell(written);
	yield { status: "retrieving manifest" };
	if (name === null) {
		yield { status: "couldn't retrieve manifest" };
		throw new Refusal(500, `unqualified name: ${REGISTRY}/${NAMESPACE}/${written}:latest`);
	}
	const model = models.find(name);
	if (model === null) {
		yield { status: "couldn't retrieve manifest" };
		const { host, namespace, model: base, tag } = name;
		throw new Refusal(500, `open ${MODELS_DIRECTORY}/manifests/${host}/${namespace}/${base}/${tag}: no such file or directory`);
	}
	const path = `v2/${name.namespace}/${name.model}/blobs/${model.weights.layer.digest}`;
	throw new Refusal(500, unreachable("Head", name, path, insecure));
}

/** What a pull says when no registry answers. */
export function manifestUnreachable(name: Spelling, insecure: boolean): string {
	const path = `v2/${name.namespace}/${name.model}/manifests/${name.tag}`;
	return `pull model manifest: ${unreachable("Get", name, path, insecure)}`;
}

/** Addresses refuse, names are not found. Insecure is plain HTTP only where the name said so, which is where Ollama asks for the word. */
function unreachable(method: "Get" | "Head", { host }: Spelling, path: string, insecure: boolean): string {
	const scheme = insecure ? "http" : "https";
	const isAddress = /^[0-9.]+(?::[0-9]+)?$/.test(host);
	const bare = host.replace(/:[0-9]+$/, "");
	const address = host.includes(":") ? host : `${host}:${insecure ? 80 : 443}`;
	const cause = isAddress ? `dial tcp ${address}: connect: connection refused` : `dial tcp: lookup ${bare}: no such host`;
	return `${method} "${scheme}://${host}/${path}": ${cause}`;
}
