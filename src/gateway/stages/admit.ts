/**
 * admit: is there room to run now?
 *
 *  - Every request counts against its principal's rate; only work (inference, management, cloud) needs room and may wait in the queue.
 *  - A waiting caller who leaves gives its place up at once, and a lease is given back exactly once, whatever happens.
 *  - Whoever is refused for want of room is told when to try again: about when it would have had its turn.
 */
import { type Decision, type Deny, deny, permit } from "../../model/decision.ts";
import type { OperationClass } from "../../model/operation-class.ts";
import type { Reason } from "../../model/reason.ts";
import type { JudgedRequest } from "../../ollama/judged-request.ts";
import type { Admission } from "../../quota/admission.ts";
import type { RateResult } from "../../quota/rate.ts";
import type { Field } from "../../wire/write.ts";
import { budgetFields } from "../budget-fields.ts";
import type { Admitted, Lease, Reserved } from "../exchange.ts";
import { allRateFields, rateLeft, rateLimitFields } from "../rate-limit-fields.ts";
import type { ReplyTo } from "../reply.ts";
import { Room } from "../room.ts";
import { tokenBoundOf } from "../token-bound.ts";
import { WaitingAnswer } from "../waiting-answer.ts";

export interface AdmitDeps {
	readonly admission: Admission;
	readonly monotonic: () => number;
	/** How many servers share the requests of a model. */
	readonly serversOf: (judged: JudgedRequest) => number;
}

const NEEDS_ROOM: ReadonlySet<OperationClass> = new Set(["infer", "manage", "cloud"]);
const RETRY_CONCURRENCY_MS = 1_000;
/** Nobody is told to stay away for longer, however long the queue looks. */
const RETRY_LATEST_MS = 600_000;

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
	const { caller } = authorized;
	if (admission.enter(room, tokenBoundOf(authorized.judged), since) !== "waiting")
		return noTurn("queue-full", `${admission.queued} waiting`, room, admission);
	room.queuePosition = admission.outlook(room).position;
	const { queueTimeoutMs, keepAliveMs } = admission.spec;
	return new Promise((resolve) => {
		const answer =
			keepAliveMs !== null && authorized.judged.streaming
				? new WaitingAnswer(to, authorized, limitsOf(authorized, rate, since, admission))
				: null;
		const keptAlive =
			answer === null || keepAliveMs === null ? undefined : setInterval(() => answer.sayWaiting(admission.outlook(room)), keepAliveMs);
		const done = (decision: Decision<Admitted>): void => {
			clearTimeout(timer);
			clearInterval(keptAlive);
			answer?.end();
			caller.onDeparture = null;
			resolve(decision);
		};
		const giveUp = (detail: string | null): void => {
			const refusal = noTurn("queue-timeout", detail, room, admission);
			if (admission.giveUp(room, monotonic())) done(refusal);
		};
		const timer = setTimeout(() => giveUp(null), queueTimeoutMs);
		caller.onDeparture = () => giveUp("the caller left");
		room.onDropped = () => done(noTurn("queue-full", "gave way to who has less in the queue", room, admission));
		room.onTurn = () => {
			room.queuedMs = monotonic() - since;
			room.opened = to.opened === true;
			done(permit(admittedAs(authorized, rate, room)));
		};
		// It left while an identity provider was asked who it is: a departure is told once.
		if (caller.departed) giveUp("the caller left");
	});
}

function limitsOf({ at, dialect, hold }: Reserved, rate: RateResult, since: number, { spec }: Admission): readonly Field[] {
	return hold === null
		? allRateFields(dialect, spec.rate, rate, since, at)
		: budgetFields(hold, dialect, rateLimitFields(spec.rate, rate), rateLeft(dialect, spec.rate, rate, since, at));
}

/** A refusal that says where it stood, and when to try again. */
function noTurn(reason: Extract<Reason, "queue-full" | "queue-timeout">, detail: string | null, room: Room, admission: Admission): Deny {
	const { position, waitMs } = admission.outlook(room);
	return { ...deny(reason, detail, Math.min(RETRY_LATEST_MS, Math.max(RETRY_CONCURRENCY_MS, waitMs))), position };
}

function admittedAs({ id, at, caller, head, dialect, principal, judged, grant, hold }: Reserved, rate: RateResult, lease: Lease): Admitted {
	return { id, at, caller, head, dialect, principal, judged, grant, rate, lease, hold };
}

const NO_ROOM_NEEDED: Lease = Object.freeze({
	queuedMs: 0,
	queuePosition: null,
	opened: false,
	settle: () => undefined,
	release: () => undefined,
});
