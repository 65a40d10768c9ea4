/**
 * admit: is there room to run now?
 *
 *  - Every request counts against its principal's rate; only work (inference, management, cloud) needs room and may wait in the queue.
 *  - A waiting caller who leaves gives its place up at once, and a lease is given back exactly once, whatever happens.
 *  - Whoever is refused for want of room is told when to try again: about when it would have had its turn.
 */
import { type Decision, type Deny, deny, permit } from "../../model/decision.ts";
import type { OperationClass } from "../../model/operation-class.ts";
import type { JudgedRequest } from "../../ollama/judged-request.ts";
import type { Admission } from "../../quota/admission.ts";
import type { RateResult } from "../../quota/rate.ts";
import { type Admitted, admittedAs, type Lease, type Reserved } from "../exchange.ts";
import { noTurn, QueuedRequest, RETRY_CONCURRENCY_MS } from "../queued-request.ts";
import { allRateFields } from "../rate-limit-fields.ts";
import type { ReplyTo } from "../reply.ts";
import { Room } from "../room.ts";
import { tokenBoundOf } from "../token-bound.ts";

export interface AdmitDeps {
	readonly admission: Admission;
	readonly monotonic: () => number;
	/** How many servers share the requests of a model. */
	readonly serversOf: (judged: JudgedRequest) => number;
}

const NEEDS_ROOM: ReadonlySet<OperationClass> = new Set(["infer", "manage", "cloud"]);

/** `to`: where a stream that waits for long is begun, if the operator wants it. */
export function admit(authorized: Reserved, to: ReplyTo, deps: AdmitDeps): Decision<Admitted> | Promise<Decision<Admitted>> {
	const { admission, monotonic, serversOf } = deps;
	const principal = authorized.principal.id;
	const since = monotonic();
	const rate = admission.rate(principal, since);
	const { at, dialect } = authorized;
	const no = (reason: "rate-exceeded" | "concurrency-exceeded", detail: string | null, retryAfterMs: number): Deny => ({
		...deny(reason, detail, retryAfterMs),
		fields: allRateFields(dialect, admission.spec.rate, rate, since, at),
	});
	if (!rate.allowed) return no("rate-exceeded", null, rate.retryAfterMs);
	if (!NEEDS_ROOM.has(authorized.judged.operation.class)) return permit(admittedAs(authorized, rate, NO_ROOM_NEEDED));
	const room = new Room(authorized, serversOf(authorized.judged), admission, monotonic);
	switch (admission.take(room, since)) {
		case "running":
			return permit(admittedAs(authorized, rate, room));
		case "key-full":
			return no("concurrency-exceeded", `${admission.spec.concurrency.perKey} running`, RETRY_CONCURRENCY_MS);
		case "full":
			return wait(authorized, to, rate, room, since, deps);
	}
}

function wait(
	authorized: Reserved,
	to: ReplyTo,
	rate: RateResult,
	room: Room,
	since: number,
	{ admission, monotonic }: AdmitDeps,
): Decision<Admitted> | Promise<Decision<Admitted>> {
	if (admission.enter(room, tokenBoundOf(authorized.judged), since) !== "waiting")
		return noTurn("queue-full", `${admission.queued} waiting`, room, admission);
	room.queuePosition = admission.outlook(room).position;
	return new Promise((resolve) => new QueuedRequest(authorized, to, { rate, room, since, admission, monotonic }, resolve).begin());
}

const NO_ROOM_NEEDED: Lease = Object.freeze({
	queuedMs: 0,
	queuePosition: null,
	opened: false,
	settle: () => undefined,
	release: () => undefined,
});
