/**
 * What a model consists of: content-addressed layers and a manifest, byte for byte as Ollama writes them.
 *
 * Templates, system prompts, parameters and configurations are hashed for real, so their digests are those of a real server. Only the weights are not
 * there: their layers carry the digest and size of the GGUF files that the demonstration plays.
 */
import { createHash } from "node:crypto";

import { goJson } from "./go-json.ts";

export interface Layer {
	readonly mediaType: string;
	readonly digest: string;
	readonly size: number;
	/** The model that this layer was taken from. */
	readonly from?: string;
}

export interface Weights {
	readonly layer: Layer;
	readonly embedding: boolean;
}

const LAYER = "application/vnd.ollama.image.";
/** Of `scripted` models: one layer of zeros but for a look-up table. */
const SCRIPTED = { digest: "sha256:e709de18d0f5e12e0012c6375f3491581138be75f3c29f7b338a23aeaf61ce37", size: 2_513_984 };
const EMBEDDING = { digest: "sha256:41e5c586a70522329e8860b933548107d5d54ad0d0afa662b548fd50a527a8c0", size: 2_514_016 };

export const SCRIPTED_WEIGHTS: Weights = { layer: { mediaType: `${LAYER}model`, ...SCRIPTED }, embedding: false };
export const EMBEDDING_WEIGHTS: Weights = { layer: { mediaType: `${LAYER}model`, ...EMBEDDING }, embedding: true };

function sha256(data: string | Buffer): string {
	return createHash("sha256").update(data).digest("hex");
}

export function layerOf(kind: "template" | "system" | "params" | "license" | "messages", content: string): Layer {
	return { mediaType: `${LAYER}${kind}`, digest: `sha256:${sha256(content)}`, size: Buffer.byteLength(content) };
}

/** Parameters as a layer holds them: sorted keys, one line. */
export function paramsLayer(parameters: Readonly<Record<string, unknown>>): Layer {
	const sorted = Object.fromEntries(Object.entries(parameters).toSorted(([a], [b]) => (a < b ? -1 : 1)));
	return layerOf("params", `${goJson(sorted)}\n`);
}

export function configLayer(): Layer {
	const config = {
		model_format: "gguf",
		model_family: "llama",
		model_families: ["llama"],
		model_type: "1.25M",
		file_type: "F16",
		architecture: "amd64",
		os: "linux",
	};
	const content = `${goJson(config)}\n`;
	return {
		mediaType: "application/vnd.docker.container.image.v1+json",
		digest: `sha256:${sha256(content)}`,
		size: Buffer.byteLength(content),
	};
}

/** The manifest's own digest (bare hex, as `/api/tags` shows it) and the sum of its layers. */
export function manifestOf(layers: readonly Layer[]): { readonly digest: string; readonly size: number } {
	const config = configLayer();
	const manifest = { schemaVersion: 2, mediaType: "application/vnd.docker.distribution.manifest.v2+json", config, layers };
	return { digest: sha256(`${goJson(manifest)}\n`), size: [config, ...layers].reduce((sum, { size }) => sum + size, 0) };
}
