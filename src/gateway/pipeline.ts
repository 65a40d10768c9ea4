/**
 * The way of a request, in order: receive → identify → understand → authorize → reserve → admit → forward → meter → record.
 *
 *  - Straight-line code; the order is written here and nowhere else.
 *  - A refusal is returned by a stage, a fault is thrown by one; only this file turns either into an answer, and both into a record.
 *  - Nothing is forwarded while the log cannot be written. What changes something (manage, account, cloud) waits until its start is on disk; what
 *    only answers runs meanwhile, and its last byte waits (`relay`).
 */
import type { Caller, RequestHandler, TurnedAway } from "../http/caller.ts";
import { certificateOf } from "../http/presented-certificate.ts";
import { type Deny, deny } from "../model/decision.ts";
import { Fault } from "../model/fault.ts";
import type { OperationClass } from "../model/operation-class.ts";
import type { Reason } from "../model/reason.ts";
import type { Policy } from "../policy/compile.ts";
import { barred } from "../policy/entry/enter.ts";
import { type Ledger, reservedOf } from "../quota/ledger.ts";
import type { Reservation } from "../quota/reservation.ts";
import { Roster } from "../std/roster.ts";
import type { RequestHead } from "../wire/message.ts";
import type { Field } from "../wire/write.ts";
import { budgetFields } from "./budget-fields.ts";
import { chargeOf } from "./charge-of.ts";
import { corsFields, isPreflight, preflightFields } from "./cors.ts";
import { type CutReason, Cuts } from "./cuts.ts";
import type { Authorized, Identified, Lease, Received } from "./exchange.ts";
import { FilteredAnswers } from "./filtered-answers.ts";
import { gpuTimeUs } from "./gpu-time.ts";
import { addLimitFields } from "./limit-fields.ts";
import { answerOwn, isOwn } from "./own-routes.ts";
import { rateLeft, rateLimitFields } from "./rate-limit-fields.ts";
import { asFault, type Relay } from "./relay.ts";
import { fail, type ReplyTo, refuse } from "./reply.ts";
import { newRequestId } from "./request-id.ts";
import { isServed } from "./served-host.ts";
import { type AdmitDeps, admit } from "./stages/admit.ts";
import { authorize } from "./stages/authorize.ts";
import { type ForwardDeps, forward } from "./stages/forward.ts";
import { type IdentifyDeps, identify } from "./stages/identify.ts";
import { receive } from "./stages/receive.ts";
import { type RecordDeps, RequestRecord } from "./stages/record.ts";
import { reserve } from "./stages/reserve.ts";
import { type UnderstandDeps, understand } from "./stages/understand.ts";

/** What one configuration makes of the pipeline; a reload builds another and swaps it whole. A request keeps the one it began with. */
export interface PipelineSettings extends UnderstandDeps, Omit<ForwardDeps, "monotonic" | "running" | "answers"> {
	readonly policy: Policy;
}

export interface PipelineDeps extends IdentifyDeps, RecordDeps, AdmitDeps {
	/** True where memory is so short that no new work may begin. */
	readonly mustShed: () => boolean;
	readonly ledger: Ledger;
}

const ANSWERED = Promise.resolve();
/**
 * All requests of one turn of the loop come as far as here before the first of them goes on. One stage's code for all of them and then the next's
 * stays in the processor's caches: a fifth of a short request (ADR 17). Nothing else happens between.
 */
const STEP = Promise.resolve();
const NO_FIELDS: readonly (readonly [string, string])[] = Object.freeze([]);
const RECORDED_FIRST: ReadonlySet<OperationClass> = new Set(["manage", "account", "cloud"]);

export class Pipeline implements RequestHandler {
	#settings: PipelineSettings;
	#forwarding: ForwardDeps;
	readonly #deps: PipelineDeps;
	readonly #running = new Roster<Relay>();
	readonly #answers = new FilteredAnswers();
	readonly #cuts = new Cuts();

	constructor(settings: PipelineSettings, deps: PipelineDeps) {
		this.#settings = settings;
		this.#deps = deps;
		this.#forwarding = this.#forwardingOf(settings);
	}

	/** Answers that come piece by piece at this moment. */
	get streams(): number {
		return this.#running.count(({ streaming }) => streaming);
	}

	/** What runs for a caller who might not come in any more is cut; what does not run yet is refused when it would. */
	adjust(settings: PipelineSettings): void {
		this.#settings = settings;
		this.#cuts.changed();
		this.#forwarding = this.#forwardingOf(settings);
		for (const relay of this.#running.all()) {
			const refusal = barred(settings.policy, relay.entering);
			if (refusal !== null) relay.cut(refusal);
		}
	}

	/**
	 * Ends what runs for a principal, or for everyone: with an error that the client understands where its stream has room for one. What does not run yet is
	 * refused when it would.
	 */
	cut(reason: CutReason, principal: string | null): void {
		this.#cuts.add(principal);
		for (const relay of this.#running.all()) if (principal === null || relay.principal === principal) relay.cut(deny(reason));
	}

	handle(caller: Caller): Promise<void> {
		const { head } = caller;
		if (head === null) return ANSWERED;
		const received = receive(caller, head, this.#deps.now);
		const record = new RequestRecord(received.id, caller, received.dialect, this.#deps);
		if (isPreflight(head)) {
			this.#answerPreflight(received, head, record);
			return ANSWERED;
		}
		const { id, dialect } = received;
		return this.#answer(received, { id, caller, dialect, fields: this.#corsFields(head), opened: false }, record);
	}

	/** Nothing was read, so there is nothing to record but how many there were. */
	turnedAway(reason: TurnedAway): void {
		const { sampler, observe, now } = this.#deps;
		sampler.count(reason);
		observe({ type: "refusals-summarised", at: now(), reason, count: 1, sinceMs: 0 });
	}

	/** Bytes that are not a request, or one that broke off: refused without being understood. */
	refuse(caller: Caller, reason: Reason, detail: string): void {
		const received = { id: newRequestId(), caller, dialect: "ollama" as const, fields: [] };
		const record = new RequestRecord(received.id, caller, "ollama", this.#deps);
		record.phase = "receiving";
		const refusal = deny(reason, detail);
		record.refused(refusal, refuse(received, refusal));
	}

	/** Never rejects: what is thrown within is answered as a fault. */
	async #answer(received: Received, to: ReplyTo, record: RequestRecord): Promise<void> {
		let lease: Lease | null = null;
		let hold: Reservation | null = null;
		try {
			const settings = this.#settings;
			const forwarding = this.#forwarding;
			const { changes } = this.#cuts;
			const no = (refusal: Deny): void => record.refused(refusal, refuse(to, refusal));

			const identifying = identify(received, this.#deps, settings.policy);
			const identified = identifying instanceof Promise ? await identifying : identifying;
			if (!identified.permitted) return no(identified);
			record.principal = identified.value.principal;
			received.caller.authenticated();
			if (this.#deps.mustShed()) return no(deny("memory-pressure"));
			if (!this.#deps.events.available) throw new Fault("event-log-unavailable", "the event log cannot be written");

			if (isOwn(received.head.path)) return await this.#answerOwn(identified.value, settings, to, record);

			await STEP;
			const understanding = understand(identified.value, settings);
			const understood = understanding instanceof Promise ? await understanding : understanding;
			if (!understood.permitted) return no(understood);
			record.judged = understood.value.judged;

			await STEP;
			const authorized = authorize(understood.value, settings.policy);
			if (!authorized.permitted) return no(authorized);
			record.judged = authorized.value.judged;
			record.priority = authorized.value.grant.standing.priority;
			const reserved = reserve(authorized.value, this.#deps.ledger);
			if (!reserved.permitted) return no(reserved);
			record.judged = reserved.value.judged;
			hold = reserved.value.hold;
			if (hold !== null) record.reserved = reservedOf(hold);
			const recorded = record.permitted(notesOf(authorized.value));

			await STEP;
			record.phase = "queued";
			const admitting = admit(reserved.value, to, this.#deps);
			const admitted = admitting instanceof Promise ? await admitting : admitting;
			if (!admitted.permitted) return no(admitted);
			const { rate } = admitted.value;
			lease = admitted.value.lease;
			record.queuedMs = lease.queuedMs;
			record.phase = "connecting";
			const begunAt = hold?.begin() ?? 0;
			if (RECORDED_FIRST.has(admitted.value.judged.operation.class)) await recorded.settled;
			const tooLate = this.#cuts.changes === changes ? null : this.#cutSince(changes, identified.value);
			if (tooLate !== null) return no(tooLate);
			const fields: Field[] = [["x-request-id", received.id]];
			const { admission, monotonic, now } = this.#deps;
			const limits = rateLimitFields(admission.spec.rate, rate);
			// Ollama's own dialect has no fields for it, and is most of what comes: it reads no clocks.
			const left = received.dialect === "ollama" ? null : rateLeft(admission.spec.rate, rate, monotonic(), now());
			for (const field of hold === null ? limits : budgetFields(hold.plan, begunAt, received.dialect, limits, left)) fields.push(field);
			if (hold === null && left !== null) addLimitFields(fields, received.dialect, "requests", left);
			if (lease.queuePosition !== null)
				fields.push(["x-rempart-queue-position", String(lease.queuePosition)], ["x-rempart-queue-wait-ms", lease.queuedMs.toFixed(0)]);
			for (const field of to.fields) fields.push(field);
			const forwarded = await forward(admitted.value, recorded, fields, forwarding);
			const { judged } = admitted.value;
			record.gpuTimeUs = gpuTimeUs(judged.operation, forwarded);
			if (hold !== null) record.charged = hold.settle(chargeOf(hold, judged, forwarded, record.gpuTimeUs));
			if (forwarded.outcome === "refused") return no(forwarded.refusal);
			to.opened = false;
			lease.settle(forwarded.usage);
			record.forwarded(forwarded);
		} catch (error) {
			const fault = asFault(error);
			record.failed(fault, fail(to, fault));
		} finally {
			lease?.release();
			hold?.giveUp();
		}
	}

	/** Why a request may not go on that came when so much had changed: it may have sent its body, or have waited, for minutes. */
	#cutSince(changes: number, { principal, caller }: Identified): Deny | null {
		const reason = this.#cuts.since(changes, principal.id);
		if (reason !== null) return deny(reason);
		return barred(this.#settings.policy, { principal, address: caller.peer, certificate: certificateOf(caller) !== null });
	}

	/** A route of ours: nothing is forwarded, and the record is on disk before the answer is out, as for all others. */
	async #answerOwn(identified: Identified, settings: PipelineSettings, to: ReplyTo, record: RequestRecord): Promise<void> {
		const { ledger, admission, monotonic } = this.#deps;
		const rate = admission.rate(identified.principal.id, monotonic());
		const answered = rate.allowed ? answerOwn(identified, settings, ledger) : deny("rate-exceeded", null, rate.retryAfterMs);
		if (!answered.permitted) return record.refused(answered, refuse(to, answered));
		const recorded = record.permitted([]);
		if (!recorded.committed) await recorded.settled;
		const body = Buffer.from(JSON.stringify(answered.value), "utf8");
		const { caller } = to;
		const fields: Field[] = [
			["content-type", "application/json; charset=utf-8"],
			["cache-control", "no-store"],
			["x-request-id", to.id],
		];
		for (const field of rateLimitFields(admission.spec.rate, rate)) fields.push(field);
		for (const field of to.fields) fields.push(field);
		caller.respond(200, fields, { kind: "length", bytes: body.length });
		if (identified.head.method !== "HEAD") caller.write(body);
		caller.finish();
		record.forwarded({ ...ANSWERED_HERE, status: 200 });
	}

	/**
	 * A browser's question before a page's request: answered from the list of origins alone; it carries no credential and reaches nothing. A page
	 * whose own name was made to point here is no page of this host.
	 */
	#answerPreflight(received: Received, head: RequestHead, record: RequestRecord): void {
		const { door } = this.#settings.policy;
		const fields = this.#isServed(head) && door.permits(received.caller.peer) ? preflightFields(head, this.#settings.origins) : null;
		if (fields === null) {
			const refusal = deny("credential-missing", "a preflight of an origin that is not allowed");
			record.refused(refusal, refuse({ ...received, fields: [] }, refusal));
			return;
		}
		record.preflight();
		const { caller } = received;
		caller.respond(204, [["x-request-id", received.id], ...fields], { kind: "none" });
		caller.finish();
		record.forwarded({ ...ANSWERED_HERE, status: 204 });
	}

	#forwardingOf(settings: PipelineSettings): ForwardDeps {
		return { ...settings, monotonic: this.#deps.monotonic, running: this.#running, answers: this.#answers };
	}

	/** Of browsers alone; a request without an origin has none. */
	#corsFields(head: RequestHead): readonly (readonly [string, string])[] {
		if (head.fields.get("origin") === undefined || !this.#isServed(head)) return NO_FIELDS;
		return corsFields(head, this.#settings.origins);
	}

	#isServed({ host }: RequestHead): boolean {
		return isServed(host, this.#settings.names);
	}
}

/** What was changed about the request: what policy lowered, and the keys that Ollama would ignore and that were not sent on. */
function notesOf({ judged, grant }: Authorized): readonly string[] {
	const { droppedKeys } = judged;
	return droppedKeys.length === 0 ? grant.amendments : [...grant.amendments, `left out: ${droppedKeys.join(", ")}`];
}

const ANSWERED_HERE = {
	outcome: "completed",
	reason: null,
	phase: "ended",
	fault: null,
	usage: null,
	firstByteMs: null,
	upstreamMs: 0,
	upstream: "none",
	detail: null,
} as const;
