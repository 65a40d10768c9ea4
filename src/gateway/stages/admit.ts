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
import type { RateResult } from "../../quota/rate.ts";
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
	if (!NEEDS_ROOM.has(authorized.judged.operation.class)) return permit(admittedAs(authorized, rate, NO_ROOM_NEEDED));
	switch (admission.take(principal)) {
		case "running":
			return permit(admittedAs(authorized, rate, new Room(admission, principal, 0)));
		case "key-full":
			return deny("concurrency-exceeded", `${admission.spec.concurrency.perKey} running`, RETRY_CONCURRENCY_MS);
		case "full":
			return wait(authorized, rate, since, { admission, monotonic });
	}
}

function wait(
	authorized: Authorized,
	rate: RateResult,
	since: number,
	{ admission, monotonic }: AdmitDeps,
): Decision<Admitted> | Promise<Decision<Admitted>> {
	const { caller } = authorized;
	const principal = authorized.principal.id;
	let proceed = (): void => undefined;
	const waiting: Waiting = { principal, proceed: () => proceed() };
	if (admission.enter(waiting) !== "waiting") return deny("queue-full", `${admission.spec.queueSize} waiting`, RETRY_CONCURRENCY_MS);
	return new Promise((resolve) => {
		const giveUp = (): void => {
			clearTimeout(timer);
			caller.onDeparture = null;
			if (admission.giveUp(waiting)) resolve(deny("queue-timeout", caller.departed ? "the caller left" : null, RETRY_CONCURRENCY_MS));
		};
		const timer = setTimeout(giveUp, admission.spec.queueTimeoutMs);
		caller.onDeparture = giveUp;
		proceed = () => {
			clearTimeout(timer);
			caller.onDeparture = null;
			resolve(permit(admittedAs(authorized, rate, new Room(admission, principal, monotonic() - since))));
		};
	});
}

function admittedAs({ id, at, caller, head, dialect, principal, judged, grant }: Authorized, rate: RateResult, lease: Lease): Admitted {
	return { id, at, caller, head, dialect, principal, judged, grant, rate, lease, hold: null };
}

const NO_ROOM_NEEDED: Lease = Object.freeze({ queuedMs: 0, settle: () => undefined, release: () => undefined });

class Room implements Lease {
	readonly queuedMs: number;
	readonly #admission: Admission;
	readonly #principal: string;
	#released = false;

	constructor(admission: Admission, principal: string, queuedMs: number) {
		this.#admission = admission;
		this.#principal = principal;
		this.queuedMs = queuedMs;
	}

	settle(): void {
		// Budgets of tokens and GPU seconds join here.
	}

	release(): void {
		if (this.#released) return;
		this.#released = true;
		this.#admission.leave(this.#principal);
	}
}
