/** A special workload: what no steady window of requests can show. Each starts the servers that it needs, and stops them. */
import type { Figure } from "../figure.ts";
import type { Surroundings } from "../target.ts";

export interface SpecialSurroundings extends Surroundings {
	/** Of the load and the upstreams; `core` is the gateway's. */
	readonly loadCore: number;
	/** Of the scripted upstream behind `upstreamPort`. */
	readonly upstreamPid: number;
	/** The project's directory. */
	readonly root: string;
	/** To look at, not to publish: smaller and shorter. */
	readonly quick: boolean;
	/** Says how far it is. */
	readonly note: (text: string) => void;
}

export type Special = (surroundings: SpecialSurroundings) => Promise<readonly Figure[]>;
