/**
 * Room to run: requests a minute, places for each principal, for each model and in all, and a fair queue before either of the latter.
 *
 *  - Pure state: the stage brings the clock, the promise and the timer.
 *  - Whoever waits for a model first gets a place at the model, then one among all; whoever holds places has them until `leave`, which hands them on.
 *  - Both queues share time, not turns (`fair-queue.ts`): who waits is charged what is expected, and at the end what it was.
 *  - Nothing but counting happens while nobody waits.
 *  - A full queue keeps room for those who have little in it: the newest of whoever has most gives way.
 */
import type { Priority } from "../model/priority.ts";
import type { Usage } from "../model/usage.ts";
import { Gate } from "./gate.ts";
import { ModelLane } from "./model-lane.ts";
import { ModelPace } from "./model-pace.ts";
import type { Place } from "./place.ts";
import { type RateResult, type RateSpec, takeRate } from "./rate.ts";

export interface AdmissionSpec {
	readonly rate: RateSpec;
	/** `perModel`: at each server; null is no bound. */
	readonly concurrency: { readonly total: number; readonly perKey: number; readonly perModel: number | null };
	readonly queueSize: number;
	readonly queueTimeoutMs: number;
	/** After so long, and every so long again, whoever waits for a stream is told that it waits; null: not. */
	readonly keepAliveMs: number | null;
}

export interface Outlook {
	/** About how many are served before, and this one: 1 is the next. */
	readonly position: number;
	/** About how long until then. */
	readonly waitMs: number;
}

interface Holder {
	arrival: number | undefined;
	running: number;
}

/** Models that nobody uses are forgotten beyond so many. */
const MAX_MODELS = 1_000;
/** Some milliseconds. */
const SWEPT_AT_ONCE = 16_384;

export class Admission {
	#spec: AdmissionSpec;
	readonly #holders = new Map<string, Holder>();
	#sweep = this.#holders.entries();
	readonly #lanes = new Map<string, ModelLane<Place>>();
	readonly #total: Gate<Place>;
	/** Of work that no model of ours does. */
	readonly #otherPace = new ModelPace();
	#queued = 0;

	constructor(spec: AdmissionSpec) {
		this.#spec = spec;
		this.#total = new Gate<Place>(spec.concurrency.total);
	}

	get spec(): AdmissionSpec {
		return this.#spec;
	}

	get running(): number {
		return this.#total.held;
	}

	get queued(): number {
		return this.#queued;
	}

	/** Linear in those who wait. */
	waiting(priority: Priority): number {
		let waiting = this.#total.queue.waiting(priority);
		for (const { gate } of this.#lanes.values()) waiting += gate.queue.waiting(priority);
		return waiting;
	}

	/** What runs keeps its room; what waits keeps its place, even beyond a smaller queue. */
	adjust(spec: AdmissionSpec, now: number): void {
		this.#spec = spec;
		this.#total.limit = spec.concurrency.total;
		for (const lane of this.#lanes.values()) {
			// Until the next request says again how many servers there are.
			lane.gate.limit = spec.concurrency.perModel ?? Number.POSITIVE_INFINITY;
			this.#serveLane(lane, now);
		}
		this.#serveTotal(now);
	}

	/** Counts one request of the principal; `now` in ms of a clock that does not go backwards. */
	rate(principal: string, now: number): RateResult {
		const holder = this.#holder(principal);
		const result = takeRate(holder.arrival, now, this.#spec.rate);
		holder.arrival = result.arrival;
		return result;
	}

	/** Room without waiting. `running`: it is held now · `full`: there is a queue, see `enter` · `key-full`: no. */
	take(place: Place, now: number): "running" | "key-full" | "full" {
		const holder = this.#holder(place.principal);
		const { perKey, perModel } = this.#spec.concurrency;
		if (holder.running >= perKey) return "key-full";
		if (place.model !== null) {
			place.lane = this.#lane(place.model);
			place.lane.gate.limit = perModel === null ? Number.POSITIVE_INFINITY : perModel * place.servers;
			if (place.lane.gate.queue.size > 0) this.#serveLane(place.lane, now);
			if (!place.lane.gate.hasRoom) return "full";
		}
		if (!this.#total.hasRoom) return "full";
		holder.running += 1;
		if (place.lane !== null) place.lane.gate.held += 1;
		this.#run(place, now);
		return "running";
	}

	/**
	 * After `take` has said `full`. `waiting`: its listener will be told. `bound`: the most tokens that the request lets the model make, null where it
	 * lets it run.
	 */
	enter(place: Place, bound: number | null, now: number): "waiting" | "queue-full" {
		if (this.#queued >= this.#spec.queueSize && !this.#makeRoom(place, now)) return "queue-full";
		// Waiting counts against the principal's own bound, or one principal could fill the queue.
		this.#holder(place.principal).running += 1;
		this.#queued += 1;
		place.cost = this.#paceOf(place).expect(place.bytes, bound);
		if (place.lane === null || place.lane.gate.hasRoom) {
			if (place.lane !== null) place.lane.gate.held += 1;
			this.#waitForTotal(place, now);
		} else {
			place.stage = "model";
			place.lane.gate.wait(place, now);
		}
		return "waiting";
	}

	/** Gives room back; `usage` is null where nothing is known. Nothing happens where no room is held. */
	leave(place: Place, usage: Usage | null, now: number): void {
		if (place.stage !== "running") return;
		place.stage = "out";
		const { lane } = place;
		const cost = this.#paceOf(place).learn(usage, place.bytes, now - place.grantedAt);
		lane?.gate.settle(place, cost, place.laneBacklog, now);
		this.#total.settle(place, cost, place.totalBacklog, now);
		this.#holder(place.principal).running -= 1;
		this.#total.held -= 1;
		if (lane !== null) lane.gate.held -= 1;
		this.#serveTotal(now);
		if (lane !== null) this.#serveLane(lane, now);
	}

	/** The waiter has gone or waited too long. False where it does not wait: it may hold room, and must `leave`. */
	giveUp(place: Place, now: number): boolean {
		const { stage, lane } = place;
		if (stage !== "model" && stage !== "total") return false;
		place.stage = "out";
		this.#queued -= 1;
		this.#holder(place.principal).running -= 1;
		if (stage === "model") {
			lane?.gate.queue.remove(place);
			return true;
		}
		this.#total.queue.remove(place);
		if (lane === null) return true;
		lane.gate.held -= 1;
		this.#serveLane(lane, now);
		return true;
	}

	/** How a place stands that waits, or how it would if it waited now. */
	outlook(place: Place): Outlook {
		const { stage, lane } = place;
		const atModel = lane !== null && (stage === "model" || (stage === "out" && !lane.gate.hasRoom));
		return (atModel ? lane.gate : this.#total).outlook(place);
	}

	/**
	 * Forgets principals that hold nothing and whose rate has recovered, so that memory follows who is active. To be called now and then: each call looks at
	 * some of them, so that none takes long.
	 */
	forgetIdle(now: number): void {
		for (let looked = 0; looked < SWEPT_AT_ONCE; looked++) {
			const next = this.#sweep.next();
			if (next.done === true) {
				this.#sweep = this.#holders.entries();
				break;
			}
			const [principal, holder] = next.value;
			if (holder.running === 0 && (holder.arrival ?? 0) <= now) this.#holders.delete(principal);
		}
		this.#total.queue.forgetIdle();
		for (const [model, lane] of this.#lanes) {
			lane.gate.queue.forgetIdle();
			if (lane.idle && !lane.pace.known) this.#lanes.delete(model);
		}
	}

	#paceOf({ lane }: Place): ModelPace {
		return lane?.pace ?? this.#otherPace;
	}

	#holder(principal: string): Holder {
		const known = this.#holders.get(principal);
		if (known !== undefined) return known;
		const holder: Holder = { arrival: undefined, running: 0 };
		this.#holders.set(principal, holder);
		return holder;
	}

	#lane(model: string): ModelLane<Place> {
		const known = this.#lanes.get(model);
		if (known !== undefined) return known;
		if (this.#lanes.size >= MAX_MODELS) {
			for (const [name, lane] of this.#lanes) if (lane.idle) this.#lanes.delete(name);
		}
		const lane = new ModelLane<Place>();
		this.#lanes.set(model, lane);
		return lane;
	}

	/** Whoever has more in a line than this principal would have gives way with its newest. */
	#makeRoom(place: Place, now: number): boolean {
		const { queue } = place.lane !== null && !place.lane.gate.hasRoom ? place.lane.gate : this.#total;
		const longest = this.#longest();
		if (longest === undefined) return false;
		const length = (longest.line?.length ?? 0) / longest.standing.weight;
		if (length <= (queue.lengthOf(place) + 1) / place.standing.weight) return false;
		this.giveUp(longest, now);
		longest.listener?.gaveWay();
		return true;
	}

	#longest(): Place | undefined {
		let longest = this.#total.queue.longest();
		for (const { gate } of this.#lanes.values()) {
			const other = gate.queue.longest();
			if (lengthByWeight(other) > lengthByWeight(longest)) longest = other;
		}
		return longest;
	}

	#waitForTotal(place: Place, now: number): void {
		place.stage = "total";
		this.#total.wait(place, now);
	}

	#serveLane(lane: ModelLane<Place>, now: number): void {
		while (lane.gate.hasRoom) {
			const backlog = lane.gate.queue.backlog;
			const place = lane.gate.queue.shift();
			if (place === undefined) return;
			place.laneBacklog = backlog;
			lane.gate.held += 1;
			if (this.#total.hasRoom) this.#letIn(place, now);
			else this.#waitForTotal(place, now);
		}
	}

	#serveTotal(now: number): void {
		while (this.#total.hasRoom) {
			const backlog = this.#total.queue.backlog;
			const place = this.#total.queue.shift();
			if (place === undefined) return;
			place.totalBacklog = backlog;
			this.#letIn(place, now);
		}
	}

	#letIn(place: Place, now: number): void {
		this.#queued -= 1;
		this.#run(place, now);
		place.listener?.hasTurn();
	}

	#run(place: Place, now: number): void {
		place.stage = "running";
		place.grantedAt = now;
		this.#total.held += 1;
	}
}

function lengthByWeight(place: Place | undefined): number {
	return place === undefined ? 0 : (place.line?.length ?? 0) / place.standing.weight;
}
