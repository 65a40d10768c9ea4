/** Which proxy is measured on which workload: only where the figure means something, as a run has to end. */
import { WORKLOADS, type Workload } from "./scripted.ts";
import type { TargetName } from "./target.ts";

export interface Cell {
	readonly target: TargetName;
	readonly workload: Workload;
}

const NATIVE: readonly Workload[] = ["get", "chat", "stream", "flood"];

/** A log or a hash costs a request and not a token; gateways between OpenAI's dialect and providers know no other. */
const WORKLOADS_OF: Readonly<Record<TargetName, readonly Workload[]>> = {
	nginx: WORKLOADS,
	"nginx-log": ["chat"],
	"nginx-apr1": ["chat"],
	"nginx-bcrypt": ["chat"],
	haproxy: NATIVE,
	caddy: NATIVE,
	portkey: ["chat-v1", "stream-v1", "flood-v1"],
	litellm: ["chat-v1", "stream-v1"],
	rempart: WORKLOADS,
	"nginx-tls": ["chat", "stream"],
	"rempart-tls": ["chat", "stream"],
};

/** Workload by workload, so that proxies compared are neighbours in time. */
export function planOf(targets: readonly TargetName[], workloads: readonly Workload[]): readonly Cell[] {
	return workloads.flatMap((workload) =>
		targets.filter((target) => WORKLOADS_OF[target].includes(workload)).map((target) => ({ target, workload })),
	);
}

/** In another order each round, so that nobody always follows the same neighbour's heat. */
export function turned(plan: readonly Cell[], round: number): readonly Cell[] {
	const workloads = [...new Set(plan.map(({ workload }) => workload))];
	return workloads.flatMap((workload) => {
		const cells = plan.filter((cell) => cell.workload === workload);
		const start = round % cells.length;
		return [...cells.slice(start), ...cells.slice(0, start)];
	});
}
