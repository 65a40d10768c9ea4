/**
 * runner care: what to do about a runner that answers nobody.
 *
 *  1. Make sure: a model whose weights `/api/ps` does not list is loading or waiting for memory, which is slow and not a wedge. Models with the same
 *     weights share one runner, which is listed under the name that loaded it (seen on a real server), so weights are compared and not names; and
 *     while a neighbour on the same runner is served, the others wait their turn.
 *  2. Answer its callers 504 with what to do, and record it.
 *  3. Where the operator's setting allows, unload the model, at most once a cooldown: the one cure known (recorded). The next request loads it again.
 */
import { type Answer, ask } from "../http/upstream-ask.ts";
import type { Event } from "../model/event.ts";
import { Fault } from "../model/fault.ts";
import type { RunnerWatchSpec, Suspect } from "./runner-watch.ts";
import { modelsIn, type Upstream } from "./upstream.ts";

export interface RunnerCareDeps {
	readonly monotonic: () => number;
	readonly now: () => number;
	readonly record: (event: Event) => void;
}

const ASK_TIMEOUT_MS = 5_000;
const UNLOAD_TIMEOUT_MS = 30_000;

export class RunnerCare {
	readonly #spec: RunnerWatchSpec;
	readonly #deps: RunnerCareDeps;
	readonly #busy = new Set<string>();
	readonly #healedAt = new Map<string, number>();

	constructor(spec: RunnerWatchSpec, deps: RunnerCareDeps) {
		this.#spec = spec;
		this.#deps = deps;
	}

	/** Once a second. */
	look(upstreams: readonly Upstream[]): void {
		for (const upstream of upstreams) {
			for (const suspect of upstream.watch.suspects()) {
				const id = `${upstream.name} ${suspect.model}`;
				if (this.#busy.has(id)) continue;
				this.#busy.add(id);
				void this.#attend(upstream, suspect, id);
			}
		}
	}

	async #attend(upstream: Upstream, suspect: Suspect, id: string): Promise<void> {
		try {
			await this.#judge(upstream, suspect, id);
		} finally {
			this.#busy.delete(id);
		}
	}

	/** Never rejects: what goes wrong on the way is recorded. */
	async #judge(upstream: Upstream, suspect: Suspect, id: string): Promise<void> {
		const { model, waiting } = suspect;
		try {
			const runner = await this.#runnerOf(upstream, suspect);
			if (runner === "serving another") return;
			if (runner === "not loaded") {
				upstream.watch.excuse(model);
				if (suspect.waitedMs < this.#spec.capMs) return;
			}
		} catch {
			// The server does not answer at all: that is an upstream that is down, which health says, and not a wedged runner.
			return;
		}
		const why = `no first byte within ${Math.round(suspect.boundMs)} ms and no progress for ${Math.round(suspect.waitedMs)} ms`;
		this.#record("runner-wedged", upstream, model, waiting.length, why);
		for (const { relay } of waiting) relay.fail(new Fault("runner-wedged", `${upstream.name}: ${model}: ${why}`));
		if (this.#mayHeal(id)) await this.#heal(upstream, model, id);
	}

	async #runnerOf(upstream: Upstream, { model, waitedMs }: Suspect): Promise<"loaded" | "not loaded" | "serving another"> {
		const listed = modelsIn(jsonOf(await ask(upstream.pool, "GET", "/api/ps", undefined, ASK_TIMEOUT_MS)));
		const neighbours = upstream.watch.progressedWithin(waitedMs).filter((other) => other !== model);
		if (listed.has(model) && neighbours.length === 0) return "loaded";
		const weights = await weightsOf(upstream, model);
		for (const other of neighbours) if ((await weightsOf(upstream, other)) === weights) return "serving another";
		if (listed.has(model)) return "loaded";
		for (const other of listed) if ((await weightsOf(upstream, other)) === weights) return "loaded";
		return "not loaded";
	}

	#mayHeal(id: string): boolean {
		const last = this.#healedAt.get(id) ?? Number.NEGATIVE_INFINITY;
		return this.#spec.heal && this.#deps.monotonic() - last >= this.#spec.healCooldownMs;
	}

	async #heal(upstream: Upstream, model: string, id: string): Promise<void> {
		this.#healedAt.set(id, this.#deps.monotonic());
		try {
			const answer = await ask(upstream.pool, "POST", "/api/generate", { model, keep_alive: 0 }, UNLOAD_TIMEOUT_MS);
			if (answer.status === 200) this.#record("runner-healed", upstream, model, 0, "unloaded");
			else this.#record("runner-heal-failed", upstream, model, 0, `unloading was answered with ${answer.status}`);
		} catch (error) {
			this.#record("runner-heal-failed", upstream, model, 0, error instanceof Error ? error.message : String(error));
		}
	}

	#record(
		type: "runner-wedged" | "runner-healed" | "runner-heal-failed",
		upstream: Upstream,
		model: string,
		waiting: number,
		detail: string,
	): void {
		this.#deps.record({ type, at: this.#deps.now(), upstream: upstream.name, model, waiting, detail });
	}
}

/** The blob that a model's runner is made of, as its Modelfile names it; the name itself where that does not say. */
async function weightsOf(upstream: Upstream, model: string): Promise<string> {
	const shown = jsonOf(await ask(upstream.pool, "POST", "/api/show", { model }, ASK_TIMEOUT_MS));
	const modelfile = typeof shown === "object" && shown !== null && "modelfile" in shown ? String(shown.modelfile) : "";
	return /^FROM (\S+)$/m.exec(modelfile)?.[1] ?? model;
}

function jsonOf({ body }: Answer): unknown {
	return JSON.parse(body.toString("utf8"));
}
