/**
 * admit: is there room to run now?
 *
 *  - Every request counts against its principal's rate; only work (inference, management, cloud) needs room and may wait in the queue.
 *  - A waiting caller who leaves gives its place up at once, and a lease is given back exactly once, whatever happens.
 *  - Budgets of tokens and GPU seconds join here: a further question before `enter`, and `settle` on the lease.
 */
import { type Decision, deny, permit } from "../../model/decision.ts";
import type { OperationClass } from "../../model/operation-class.ts";
import type { Admission, Waiting } from "../../quota/admission.ts";
import type { Admitted, Authorized, Lease } from "../exchange.ts";

export interface AdmitDeps {
	readonly admission: Admission;
	readonly monotonic: () => number;
}

const NEEDS_ROOM: ReadonlySet<OperationClass> = new Set(["infer", "manage", "cloud"]);
const RETRY_CONCURRENCY_MS = 1_000;

export function admit(authorized: Authorized, { admission, monotonic }: AdmitDeps): Decision<Admitted> | Promise<Decision<Admitted>> {
	const principal = authorized.principal.id;
	const since = monotonic();
	const rate = admission.rate(principal, since);
	if (!rate.allowed) return deny("rate-exceeded", null, rate.retryAfterMs);
	if (!NEEDS_ROOM.has(authorized.judged.operation.class)) return permit({ ...authorized, rate, lease: NO_ROOM_NEEDED });

	const held = (): Lease => leaseOf(admission, principal, monotonic() - since);
	let resume: (() => void) | null = null;
	const waiting: Waiting = { principal, proceed: () => resume?.() };

	switch (admission.enter(waiting)) {
		case "running":
			return permit({ ...authorized, rate, lease: held() });
		case "key-full":
			return deny("concurrency-exceeded", `${admission.spec.concurrency.perKey} running`, RETRY_CONCURRENCY_MS);
		case "queue-full":
			return deny("queue-full", `${admission.spec.queueSize} waiting`, RETRY_CONCURRENCY_MS);
		case "waiting":
			break;
	}

	return new Promise((resolve) => {
		const { caller } = authorized;
		const timer = setTimeout(() => giveUp("queue-timeout"), admission.spec.queueTimeoutMs);
		resume = () => {
			clearTimeout(timer);
			caller.onDeparture = null;
			resolve(permit({ ...authorized, rate, lease: held() }));
		};
		caller.onDeparture = () => giveUp("queue-timeout");
		const giveUp = (reason: "queue-timeout"): void => {
			clearTimeout(timer);
			caller.onDeparture = null;
			if (admission.giveUp(waiting)) resolve(deny(reason, caller.departed ? "the caller left" : null, RETRY_CONCURRENCY_MS));
		};
	});
}

const NO_ROOM_NEEDED: Lease = Object.freeze({ queuedMs: 0, settle: () => undefined, release: () => undefined });

function leaseOf(admission: Admission, principal: string, queuedMs: number): Lease {
	let released = false;
	return {
		queuedMs,
		settle: () => undefined,
		release: () => {
			if (released) return;
			released = true;
			admission.leave(principal);
		},
	};
}
