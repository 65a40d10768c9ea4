/** One request's place: on its way in, in a queue, or at a model. The caller of `Admission` makes it and hears by it; all else is the admission's. */
import { ORDINARY, type Standing } from "../model/priority.ts";
import type { Passing } from "./gate.ts";
import type { Line } from "./line-heap.ts";
import type { ModelLane } from "./model-lane.ts";

/** out: nowhere · model, total: waits for a place at the model, or for one among all · running: holds both */
export type Stage = "out" | "model" | "total" | "running";

/** One of the two is called, once, and never from within `enter`. */
export interface PlaceListener {
	/** Its turn has come: it holds what it waited for. */
	hasTurn(): void;
	/** It lost its place in the queue to somebody who had fewer. */
	gaveWay(): void;
}

export class Place implements Passing<Place> {
	readonly principal: string;
	readonly standing: Standing;
	readonly model: string | null;
	readonly servers: number;
	readonly bytes: number;
	listener: PlaceListener | null = null;

	/** In ms: expected while it waits, and what was charged for it when it was served. */
	cost = 0;
	stage: Stage = "out";
	lane: ModelLane<Place> | null = null;
	/** Monotonic ms. */
	grantedAt = 0;
	/** Which backlog of each queue it was charged in; -1 is none. */
	laneBacklog = -1;
	totalBacklog = -1;
	line: Line<Place> | null = null;
	before: Place | null = null;
	after: Place | null = null;

	/**
	 * `model`: whose places it needs besides one among all, null where it needs no model of ours. `servers`: how many share the model's requests.
	 * `bytes`: of the body.
	 */
	constructor(principal: string, standing: Standing = ORDINARY, model: string | null = null, servers = 1, bytes = 0) {
		this.principal = principal;
		this.standing = standing;
		this.model = model;
		this.servers = servers;
		this.bytes = bytes;
	}
}
