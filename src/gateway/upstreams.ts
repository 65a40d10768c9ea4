/**
 * The protected servers: which are healthy, which models each has and has loaded, and which one takes a request.
 *
 *  - Health is asked every interval (`/api/version`, then the model lists) and learned from failures in between.
 *  - Choice, in order: healthy, has the model, has it loaded, least busy. A server that is thought down is still tried when no other is left, because
 *    what was learned seconds ago may be over.
 */
import { ask } from "../http/upstream-ask.ts";
import { UpstreamPool, type UpstreamTarget, type UpstreamTimeouts } from "../http/upstream-pool.ts";
import type { Event } from "../model/event.ts";
import type { JudgedRequest } from "../ollama/judged-request.ts";
import { invariant } from "../std/invariant.ts";
import type { WireLimits } from "../wire/message.ts";
import { RunnerCare } from "./runner-care.ts";
import { RunnerWatch, type RunnerWatchSpec } from "./runner-watch.ts";
import { modelsIn, stringAt, Upstream } from "./upstream.ts";

export interface UpstreamsSpec {
	readonly targets: readonly UpstreamTarget[];
	readonly timeouts: UpstreamTimeouts;
	readonly wire: WireLimits;
	readonly healthIntervalMs: number;
	readonly healthTimeoutMs: number;
	readonly wedge: RunnerWatchSpec;
}

export interface UpstreamsDeps {
	readonly monotonic: () => number;
	readonly now: () => number;
	readonly record: (event: Event) => void;
}

export class Upstreams {
	readonly all: readonly Upstream[];
	readonly #spec: UpstreamsSpec;
	readonly #deps: UpstreamsDeps;
	readonly #care: RunnerCare;
	readonly #timers: NodeJS.Timeout[] = [];
	#asking = false;

	constructor(spec: UpstreamsSpec, deps: UpstreamsDeps) {
		invariant(spec.targets.length > 0, "there is an upstream");
		this.#spec = spec;
		this.#deps = deps;
		this.all = spec.targets.map((target) => {
			const pool = new UpstreamPool(target, spec.timeouts, spec.wire, deps.monotonic);
			return new Upstream(pool, new RunnerWatch(spec.wedge, deps.monotonic));
		});
		this.#care = new RunnerCare(spec.wedge, deps);
	}

	/** Asks every server once, then again every interval until `close`. */
	async start(): Promise<void> {
		await this.#askAll();
		this.#timers.push(
			setInterval(() => this.#poll(), this.#spec.healthIntervalMs),
			setInterval(() => this.#care.look(this.all), 1_000),
		);
	}

	/** `tried` holds names of upstreams that had their turn. */
	choose({ models }: JudgedRequest, tried: readonly string[]): Upstream {
		const model = models[0]?.name.full;
		let best: Upstream | null = null;
		let bestRank = -1;
		for (const upstream of this.all) {
			if (tried.includes(upstream.name)) continue;
			const rank = rankOf(upstream, model);
			if (best === null || rank > bestRank || (rank === bestRank && upstream.running < best.running)) {
				best = upstream;
				bestRank = rank;
			}
		}
		invariant(best !== null, "an upstream is left to try");
		return best;
	}

	/** How many servers share what is asked of the request's model: those that `choose` takes for equally good. */
	sharing({ models }: JudgedRequest): number {
		if (this.all.length === 1) return 1;
		const model = models[0]?.name.full;
		let bestRank = -1;
		let count = 0;
		for (const upstream of this.all) {
			const rank = rankOf(upstream, model);
			if (rank > bestRank) count = 0;
			if (rank >= bestRank) count += 1;
			bestRank = Math.max(bestRank, rank);
		}
		return count;
	}

	hasOther(tried: readonly string[]): boolean {
		return this.all.some((upstream) => !tried.includes(upstream.name));
	}

	reportDown(upstream: Upstream, detail: string): void {
		if (upstream.healthy === false) return;
		upstream.healthy = false;
		this.#deps.record({ type: "upstream-down", at: this.#deps.now(), upstream: upstream.name, detail });
	}

	close(): void {
		for (const timer of this.#timers) clearInterval(timer);
		for (const { pool } of this.all) pool.close();
	}

	#poll(): void {
		if (!this.#asking) void this.#askAll();
	}

	/** Never rejects: an upstream that does not answer is recorded as down. */
	async #askAll(): Promise<void> {
		this.#asking = true;
		await Promise.all(this.all.map((upstream) => this.#askOne(upstream)));
		this.#asking = false;
	}

	async #askOne(upstream: Upstream): Promise<void> {
		const { healthTimeoutMs } = this.#spec;
		try {
			const version = await ask(upstream.pool, "GET", "/api/version", undefined, healthTimeoutMs);
			upstream.version = stringAt(parse(version.body), "version");
			upstream.models = modelsIn(parse((await ask(upstream.pool, "GET", "/api/tags", undefined, healthTimeoutMs)).body));
			upstream.loaded = modelsIn(parse((await ask(upstream.pool, "GET", "/api/ps", undefined, healthTimeoutMs)).body));
		} catch (error) {
			this.reportDown(upstream, error instanceof Error ? error.message : String(error));
			return;
		}
		if (upstream.healthy === true) return;
		upstream.healthy = true;
		this.#deps.record({ type: "upstream-up", at: this.#deps.now(), upstream: upstream.name, detail: upstream.version });
	}
}

function rankOf(upstream: Upstream, model: string | undefined): number {
	const has = model === undefined || upstream.models === null || upstream.models.has(model);
	const loaded = model !== undefined && upstream.loaded.has(model);
	return (upstream.healthy === false ? 0 : 4) + (has ? 2 : 0) + (loaded ? 1 : 0);
}

/** Throws where it is not JSON: the server is then not healthy. */
function parse(body: Buffer): unknown {
	return JSON.parse(body.toString("utf8"));
}
