/** What came of a request that was sent on: the last type of the way, which `record` writes down. */
import type { Deny } from "../model/decision.ts";
import type { Phase } from "../model/event.ts";
import type { Fault } from "../model/fault.ts";
import type { Reason } from "../model/reason.ts";
import type { Usage } from "../model/usage.ts";

/** How a relay ended after the head of the answer was sent, or after the caller left; a fault before that is thrown and answered by the pipeline. */
export interface Relayed {
	readonly outcome: "completed" | "abandoned" | "fault" | "cut";
	readonly phase: Phase;
	readonly status: number;
	readonly fault: Fault | null;
	/** Why we cut it; null unless we did. */
	readonly reason: Reason | null;
	readonly usage: Usage | null;
	readonly firstByteMs: number | null;
	/** Time spent with the upstream: connecting, sending, waiting, streaming. */
	readonly upstreamMs: number;
	readonly detail: string | null;
}

export type Forwarded =
	| (Relayed & {
			readonly upstream: string;
			/** Of the upstream's GPU, while it ran there: 1 where it was alone. 0 where it did not use one. */
			readonly gpuShare: number;
	  })
	/** The body was refused while it streamed, or the request was cut before it was answered. */
	| {
			readonly outcome: "refused";
			readonly refusal: Deny;
			readonly upstream: string;
			/** Its share of the GPU's time until then. */
			readonly gpuMs: number;
	  };
