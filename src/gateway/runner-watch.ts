/**
 * runner watch: notices a model's runner that takes requests and answers none.
 *
 * A real Ollama gets there after some tens of aborted streams: every further inference on that model hangs until its caller leaves, while the model
 * list, the process list and the banner stay green, so no health check sees it (recorded; llama.cpp #27604, Ollama #15950). Only what passes here does.
 *
 *  - Suspected: a caller has waited for its first byte longer than a bound, and nobody on that model has progressed for as long.
 *  - The bound is learned from that model's own first bytes (loads included), times a factor, between a floor and a cap. A request much larger than
 *    those it was learned from, or an answer that comes whole at a speed not yet known, is judged by the cap: reading a long prompt is not a wedge.
 *  - Pure: time comes in as a parameter, and what to do about a suspect is the healer's matter.
 */
import type { Fault } from "../model/fault.ts";
import type { Usage } from "../model/usage.ts";
import { type Placed, Roster } from "../std/roster.ts";

export interface RunnerWatchSpec {
	readonly detect: boolean;
	readonly heal: boolean;
	readonly factor: number;
	readonly floorMs: number;
	readonly capMs: number;
	readonly healCooldownMs: number;
}

export interface WatchedRequest {
	/** Canonical full name. */
	readonly model: string;
	readonly streaming: boolean;
	readonly bytes: number;
	/** The most tokens that the request lets the model make; null where it lets it run. */
	readonly tokenBound: number | null;
	/** What ends the request for its caller. */
	readonly relay: { fail(fault: Fault): void };
}

/** What a relay tells of one call. */
export interface Watched {
	answered(firstByteMs: number): void;
	progressed(): void;
	ended(usage: Usage | null): void;
}

export interface Suspect {
	readonly model: string;
	readonly waitedMs: number;
	readonly boundMs: number;
	readonly waiting: readonly WatchedRequest[];
}

/** How much larger than the largest request learned from a request may be and still be judged by what was learned. */
const SIZE_MARGIN = 4;
/** An old slow start is forgotten by so much with each newer one. */
const DECAY = 0.9;
/** Where a request sets no bound, an answer is taken to be at most so long. */
const UNBOUNDED_TOKENS = 8192;

interface ModelState {
	readonly waiting: Roster<Watching>;
	lastProgress: number;
	/** Decaying maximum of times to the first byte of streams. */
	slowestFirstMs: number | null;
	largestBytes: number;
	/** Milliseconds a token, slowest seen. */
	msPerToken: number | null;
	/** Until then the cap alone judges: the model was seen to be loading. */
	excusedUntil: number;
	running: number;
}

/** Models that nobody uses are forgotten beyond this many. */
const MAX_MODELS = 1_000;

export class RunnerWatch {
	#spec: RunnerWatchSpec;
	readonly #now: () => number;
	readonly #models = new Map<string, ModelState>();

	constructor(spec: RunnerWatchSpec, monotonic: () => number) {
		this.#spec = spec;
		this.#now = monotonic;
	}

	adjust(spec: RunnerWatchSpec): void {
		this.#spec = spec;
	}

	watch(request: WatchedRequest): Watched {
		const watching = new Watching(request, this.#state(request.model), this.#now);
		watching.begin();
		return watching;
	}

	/** Models whose callers wait longer than they should. Cost: linear in the callers that wait. */
	suspects(): readonly Suspect[] {
		if (!this.#spec.detect) return [];
		const now = this.#now();
		const found: Suspect[] = [];
		for (const [model, state] of this.#models) {
			for (const { request, since } of state.waiting.all()) {
				const waitedMs = now - Math.max(since, state.lastProgress);
				const boundMs = this.#bound(state, request, now);
				if (waitedMs < boundMs) continue;
				found.push({ model, waitedMs, boundMs, waiting: state.waiting.all().map((each) => each.request) });
				break;
			}
		}
		return found;
	}

	/** Models on which somebody progressed within the last `ms`. */
	progressedWithin(ms: number): readonly string[] {
		const since = this.#now() - ms;
		return [...this.#models].filter(([, { lastProgress }]) => lastProgress > since).map(([model]) => model);
	}

	/** The model turned out not to be loaded: it waits for memory or for its weights, which only the cap may judge. */
	excuse(model: string): void {
		const state = this.#models.get(model);
		if (state !== undefined) state.excusedUntil = this.#now() + this.#spec.capMs;
	}

	#bound(state: ModelState, request: WatchedRequest, now: number): number {
		const { factor, floorMs, capMs } = this.#spec;
		if (now < state.excusedUntil || state.slowestFirstMs === null || request.bytes > state.largestBytes * SIZE_MARGIN) return capMs;
		const first = Math.max(floorMs, factor * state.slowestFirstMs);
		if (request.streaming) return Math.min(capMs, first);
		if (state.msPerToken === null) return capMs;
		return Math.min(capMs, first + 2 * state.msPerToken * (request.tokenBound ?? UNBOUNDED_TOKENS));
	}

	#state(model: string): ModelState {
		const known = this.#models.get(model);
		if (known !== undefined) return known;
		if (this.#models.size >= MAX_MODELS) {
			for (const [name, state] of this.#models) if (state.running === 0) this.#models.delete(name);
		}
		const state: ModelState = {
			waiting: new Roster(),
			lastProgress: Number.NEGATIVE_INFINITY,
			slowestFirstMs: null,
			largestBytes: 0,
			msPerToken: null,
			excusedUntil: Number.NEGATIVE_INFINITY,
			running: 0,
		};
		this.#models.set(model, state);
		return state;
	}
}

/** One request on a model: it waits until its answer begins, and runs until it ends. */
class Watching implements Watched, Placed {
	place = -1;
	readonly request: WatchedRequest;
	readonly since: number;
	readonly #state: ModelState;
	readonly #now: () => number;
	#done = false;

	constructor(request: WatchedRequest, state: ModelState, now: () => number) {
		this.request = request;
		this.since = now();
		this.#state = state;
		this.#now = now;
	}

	begin(): void {
		this.#state.waiting.join(this);
		this.#state.running += 1;
	}

	answered(firstByteMs: number): void {
		this.#state.waiting.leave(this);
		this.#state.lastProgress = this.#now();
		if (this.request.streaming) learnFirst(this.#state, firstByteMs, this.request.bytes);
	}

	progressed(): void {
		this.#state.lastProgress = this.#now();
	}

	ended(usage: Usage | null): void {
		if (this.#done) return;
		this.#done = true;
		this.#state.running -= 1;
		this.#state.waiting.leave(this);
		if (usage !== null && !usage.estimated) learnPace(this.#state, usage, this.request.bytes);
	}
}

function learnFirst(state: ModelState, firstByteMs: number, bytes: number): void {
	state.slowestFirstMs = Math.max(firstByteMs, (state.slowestFirstMs ?? 0) * DECAY);
	state.largestBytes = Math.max(state.largestBytes, bytes);
}

/** The closing record tells what was loading, reading and writing, of whole answers too. */
function learnPace(state: ModelState, usage: Usage, bytes: number): void {
	if (usage.evalNs !== null && usage.outputTokens > 0) {
		state.msPerToken = Math.max(usage.evalNs / 1e6 / usage.outputTokens, (state.msPerToken ?? 0) * DECAY);
	}
	if (usage.loadNs !== null && usage.promptNs !== null) learnFirst(state, (usage.loadNs + usage.promptNs) / 1e6, bytes);
}
