/** explain: the same walk as `evaluate`, with every step kept. It cannot come to another answer, because there is no second walk. */
import type { Decision } from "../model/decision.ts";
import type { Principal } from "../model/principal.ts";
import type { JudgedRequest } from "../ollama/judged-request.ts";
import type { Policy } from "./compile.ts";
import { type Grant, type Step, walk } from "./evaluate.ts";

export interface Explanation {
	readonly decision: Decision<Grant>;
	/** In the order of the criteria, ending with the one that refused. */
	readonly steps: readonly Step[];
}

export function explain(policy: Policy, principal: Principal, judged: JudgedRequest): Explanation {
	const steps: Step[] = [];
	const decision = walk(policy, principal, judged, steps);
	return { decision, steps };
}
