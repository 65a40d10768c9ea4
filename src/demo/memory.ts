/**
 * Which models are loaded, and until when: what `/api/ps` shows. Expiry is looked at, not timed.
 *
 * Models with the same weights share one runner, which is listed under the name that loaded it, even when that one is deleted; another size of the
 * context loads it anew. Unloading any of them unloads it. So does a real Ollama, and whoever watches its runners has to know.
 */
import type { StoredModel } from "./model-store.ts";
import { type Moments, rfc3339 } from "./moments.ts";

export interface Loaded {
	readonly model: StoredModel;
	readonly expiresAt: bigint;
	readonly contextLength: number;
}

/** Five minutes, Ollama's default. */
const KEEP_NANOS = 300_000_000_000n;
/** What "for ever" is in Go: the longest duration, 292 years. */
const FOREVER_NANOS = (1n << 63n) - 1n;

export class Memory {
	readonly #moments: Moments;
	/** By the digest of their weights. */
	readonly #loaded = new Map<string, Loaded>();

	constructor(moments: Moments) {
		this.#moments = moments;
	}

	/** Those that stay longest come first. */
	list(): readonly Loaded[] {
		const now = this.#moments.now();
		for (const [weights, { expiresAt }] of this.#loaded) if (expiresAt <= now) this.#loaded.delete(weights);
		return [...this.#loaded.values()].toSorted((a, b) => Number((b.expiresAt - a.expiresAt) / 1_000_000_000n));
	}

	load(model: StoredModel, keepAlive: unknown, contextLength: number): void {
		const expiresAt = this.#moments.now() + (keepNanos(keepAlive) ?? KEEP_NANOS);
		const running = this.#loaded.get(weightsOf(model));
		const shared = running !== undefined && running.contextLength === contextLength && running.expiresAt > this.#moments.now();
		this.#loaded.set(weightsOf(model), { model: shared ? running.model : model, expiresAt, contextLength });
	}

	unload(model: StoredModel): void {
		this.#loaded.delete(weightsOf(model));
	}
}

function weightsOf({ weights }: StoredModel): string {
	return weights.layer.digest;
}

/** The JSON of one loaded model. */
export function processOf({ model, expiresAt, contextLength }: Loaded): unknown {
	return {
		name: model.shortName,
		model: model.shortName,
		// The weights and their working memory, as measured on a real server without a GPU.
		size: model.weights.embedding ? 44_512_050 : 17_720_933,
		digest: model.digest,
		details: { parent_model: "", format: "gguf", family: "llama", families: ["llama"], parameter_size: "1.25M", quantization_level: "F16" },
		expires_at: rfc3339(expiresAt),
		size_vram: 0,
		context_length: contextLength,
	};
}

/** Seconds, or Go's `1h30m`; negative is for ever; null when it is neither. */
export function keepNanos(keepAlive: unknown): bigint | null {
	if (keepAlive === null || keepAlive === undefined) return KEEP_NANOS;
	const seconds = typeof keepAlive === "number" ? keepAlive : typeof keepAlive === "string" ? secondsOf(keepAlive) : null;
	if (seconds === null) return null;
	return seconds < 0 ? FOREVER_NANOS : BigInt(Math.round(seconds * 1e9));
}

const UNITS: Readonly<Record<string, number>> = { ns: 1e-9, us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };

function secondsOf(text: string): number | null {
	if (/^[+-]?0$/.test(text)) return 0;
	if (!/^[+-]?(?:[0-9]*\.?[0-9]+(?:ns|us|µs|ms|s|m|h))+$/.test(text)) return null;
	let seconds = 0;
	for (const [, amount, unit] of text.matchAll(/([0-9.]+)(ns|us|µs|ms|s|m|h)/g)) seconds += Number(amount) * (UNITS[unit ?? "s"] ?? 0);
	return text.startsWith("-") ? -seconds : seconds;
}
