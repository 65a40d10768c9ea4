/**
 * A request that waits in the queue: it hears of its turn, of having given way, of its caller's departure and of its time being over, and is decided by
 * whichever comes first.
 */

import type { DepartureListener } from "../http/caller.ts";
import { type Decision, type Deny, deny, permit } from "../model/decision.ts";
import type { Reason } from "../model/reason.ts";
import type { Admission } from "../quota/admission.ts";
import type { PlaceListener } from "../quota/place.ts";
import type { RateResult } from "../quota/rate.ts";
import type { Field } from "../wire/write.ts";
import { budgetFields } from "./budget-fields.ts";
import { type Admitted, admittedAs, type Reserved } from "./exchange.ts";
import { allRateFields, rateLeft, rateLimitFields } from "./rate-limit-fields.ts";
import type { ReplyTo } from "./reply.ts";
import type { Room } from "./room.ts";
import { WaitingAnswer } from "./waiting-answer.ts";

/** How it came to wait. */
export interface Entry {
	readonly rate: RateResult;
	readonly room: Room;
	/** Monotonic ms. */
	readonly since: number;
	readonly admission: Admission;
	readonly monotonic: () => number;
}

export const RETRY_CONCURRENCY_MS = 1_000;
/** Nobody is told to stay away for longer, however long the queue looks. */
const RETRY_LATEST_MS = 600_000;

export class QueuedRequest implements PlaceListener, DepartureListener {
	readonly #reserved: Reserved;
	readonly #to: ReplyTo;
	readonly #entry: Entry;
	readonly #resolve: (decision: Decision<Admitted>) => void;
	#answer: WaitingAnswer | null = null;
	#timer: NodeJS.Timeout | null = null;
	#keptAlive: NodeJS.Timeout | null = null;

	/** `to`: where a stream that waits for long is begun, if the operator wants it. */
	constructor(reserved: Reserved, to: ReplyTo, entry: Entry, resolve: (decision: Decision<Admitted>) => void) {
		this.#reserved = reserved;
		this.#to = to;
		this.#entry = entry;
		this.#resolve = resolve;
	}

	begin(): void {
		const { caller, judged } = this.#reserved;
		const { room, admission } = this.#entry;
		const { queueTimeoutMs, keepAliveMs } = admission.spec;
		this.#timer = setTimeout(endWait, queueTimeoutMs, this);
		if (keepAliveMs !== null && judged.streaming) {
			this.#answer = new WaitingAnswer(this.#to, this.#reserved, this.#limits());
			this.#keptAlive = setInterval(keepAlive, keepAliveMs, this);
		}
		room.listener = this;
		caller.departureListener = this;
		// It left while an identity provider was asked who it is: a departure is told once.
		if (caller.departed) this.callerLeft();
	}

	hasTurn(): void {
		const { room, since, rate, monotonic } = this.#entry;
		room.queuedMs = monotonic() - since;
		room.opened = this.#to.opened === true;
		this.#decide(permit(admittedAs(this.#reserved, rate, room)));
	}

	gaveWay(): void {
		const { room, admission } = this.#entry;
		this.#decide(noTurn("queue-full", "gave way to who has less in the queue", room, admission));
	}

	callerLeft(): void {
		this.#giveUp("the caller left");
	}

	timeIsOver(): void {
		this.#giveUp(null);
	}

	sayWaiting(): void {
		const { room, admission } = this.#entry;
		this.#answer?.sayWaiting(admission.outlook(room));
	}

	#giveUp(detail: string | null): void {
		const { room, admission, monotonic } = this.#entry;
		const refusal = noTurn("queue-timeout", detail, room, admission);
		if (admission.giveUp(room, monotonic())) this.#decide(refusal);
	}

	#decide(decision: Decision<Admitted>): void {
		if (this.#timer !== null) clearTimeout(this.#timer);
		if (this.#keptAlive !== null) clearInterval(this.#keptAlive);
		this.#answer?.end();
		this.#reserved.caller.departureListener = null;
		this.#entry.room.listener = null;
		this.#resolve(decision);
	}

	/** What is left of the caller's limits. */
	#limits(): readonly Field[] {
		const { at, dialect, hold } = this.#reserved;
		const { rate, since, admission } = this.#entry;
		const { rate: spec } = admission.spec;
		return hold === null
			? allRateFields(dialect, spec, rate, since, at)
			: budgetFields(hold.plan, hold.now, dialect, rateLimitFields(spec, rate), rateLeft(spec, rate, since, at));
	}
}

function endWait(queued: QueuedRequest): void {
	queued.timeIsOver();
}

function keepAlive(queued: QueuedRequest): void {
	queued.sayWaiting();
}

/** A refusal that says where it stood, and when to try again. */
export function noTurn(
	reason: Extract<Reason, "queue-full" | "queue-timeout">,
	detail: string | null,
	room: Room,
	admission: Admission,
): Deny {
	const { position, waitMs } = admission.outlook(room);
	return { ...deny(reason, detail, Math.min(RETRY_LATEST_MS, Math.max(RETRY_CONCURRENCY_MS, waitMs))), position };
}
