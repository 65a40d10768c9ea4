/** One protected server: the way to it, what is known of it, and how busy it is with us. */
import type { UpstreamPool } from "../http/upstream-pool.ts";
import { parseModelName } from "../model/parse-model-name.ts";
import { ShareClock } from "../quota/share-clock.ts";
import type { RunnerWatch } from "./runner-watch.ts";

export class Upstream {
	readonly name: string;
	readonly pool: UpstreamPool;
	readonly watch: RunnerWatch;
	/** Null until it was asked for the first time. */
	healthy: boolean | null = null;
	version: string | null = null;
	/** Canonical full names; null until asked for the first time. */
	models: ReadonlySet<string> | null = null;
	loaded: ReadonlySet<string> = new Set();
	/** Divides its GPU's time among the requests that run on it. */
	readonly gpu = new ShareClock();
	#running = 0;

	constructor(pool: UpstreamPool, watch: RunnerWatch) {
		this.name = pool.target.name;
		this.pool = pool;
		this.watch = watch;
	}

	get running(): number {
		return this.#running;
	}

	enter(): void {
		this.#running += 1;
	}

	leave(): void {
		this.#running -= 1;
	}
}

/** Canonical full names of an answer of `/api/tags` or `/api/ps`; names outside the grammar are nobody's to ask for. */
export function modelsIn(answer: unknown): ReadonlySet<string> {
	const names = new Set<string>();
	if (typeof answer !== "object" || answer === null || !("models" in answer) || !Array.isArray(answer.models)) return names;
	for (const model of answer.models as readonly unknown[]) {
		const text = stringAt(model, "model") ?? stringAt(model, "name");
		const name = text === null ? null : parseModelName(text);
		if (name !== null && "full" in name) names.add(name.full);
	}
	return names;
}

/** The text at a key of what may be anything; null where there is none. */
export function stringAt(value: unknown, key: string): string | null {
	if (typeof value !== "object" || value === null || !(key in value)) return null;
	const found: unknown = Object.getOwnPropertyDescriptor(value, key)?.value;
	return typeof found === "string" ? found : null;
}
