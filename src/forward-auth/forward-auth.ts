/**
 * The decision for somebody else's proxy: question → identify → understand → authorize → rate → record → answer.
 *
 *  - Straight-line, like the gateway's pipeline, and with its stages; what the gateway does after `authorize` is the proxy's.
 *  - Every question is on record before it is answered with a permit: once the answer is out, its effect cannot be called back. A fault is 503.
 *  - Rate counts. Concurrency, tokens and budgets do not: the end of the request is never seen here.
 *  - A preflight carries no credential and is refused like any other stranger: what a page may do is the proxy's to say in this arrangement.
 */
import type { Received } from "../gateway/exchange.ts";
import { rateLimitFields } from "../gateway/rate-limit-fields.ts";
import { newRequestId } from "../gateway/request-id.ts";
import { type IdentifyDeps, identify } from "../gateway/stages/identify.ts";
import { dialectOf, receive } from "../gateway/stages/receive.ts";
import { type RecordDeps, RequestRecord } from "../gateway/stages/record.ts";
import type { Caller, RequestHandler, TurnedAway } from "../http/caller.ts";
import { type Deny, deny } from "../model/decision.ts";
import { Fault } from "../model/fault.ts";
import type { Reason } from "../model/reason.ts";
import type { Admission } from "../quota/admission.ts";
import type { RequestHead, WireLimits } from "../wire/message.ts";
import { type AnswerTo, failed, permitted, refused } from "./answer.ts";
import { AskedCaller } from "./asked-caller.ts";
import { readAsked } from "./asked-request.ts";
import type { AskingProxy } from "./asking-proxy.ts";
import { type JudgeSettings, judge } from "./judge.ts";
import { ASKING_PROXIES } from "./proxies/index.ts";

export interface ForwardAuthSettings extends JudgeSettings {
	readonly wire: WireLimits;
}

export interface ForwardAuthDeps extends RecordDeps, IdentifyDeps {
	readonly admission: Admission;
	/** True where memory is so short that no new work may begin. */
	readonly mustShed: () => boolean;
}

export class ForwardAuth implements RequestHandler {
	#settings: ForwardAuthSettings;
	readonly #deps: ForwardAuthDeps;

	constructor(settings: ForwardAuthSettings, deps: ForwardAuthDeps) {
		this.#settings = settings;
		this.#deps = deps;
	}

	adjust(settings: ForwardAuthSettings): void {
		this.#settings = settings;
	}

	async handle(caller: Caller): Promise<void> {
		const question = caller.head;
		if (question === null) return;
		const settings = this.#settings;
		const proxy = ASKING_PROXIES.find((each) => each.asksAt(question.path));
		if (proxy === undefined) return this.#turnDown(caller, question, null, deny("operation-unknown", "nobody asks here"));
		const asked = readAsked(question, proxy, settings.wire);
		if ("malformed" in asked) return this.#turnDown(caller, question, proxy, deny("request-malformed", asked.malformed));

		const received = receive(new AskedCaller(caller, asked, proxy.showsBody(question)), asked.head, this.#deps.now);
		const record = new RequestRecord(received.id, received.caller, received.dialect, this.#deps);
		const to: AnswerTo = { id: received.id, caller, question, proxy, asked: asked.head, dialect: received.dialect };
		try {
			await this.#decide(received, to, record, settings);
		} catch (error) {
			const fault = error instanceof Fault ? error : new Fault("internal-error", String(error), { cause: error });
			record.failed(fault, failed(to, fault));
		}
	}

	/** Nothing was read, so there is nothing to record but how many there were. */
	turnedAway(reason: TurnedAway): void {
		const { sampler, observe, now } = this.#deps;
		sampler.count(reason);
		observe({ type: "refusals-summarised", at: now(), reason, count: 1, sinceMs: 0 });
	}

	/** Bytes that are no question. */
	refuse(caller: Caller, reason: Reason, detail: string): void {
		this.#turnDown(caller, null, null, deny(reason, detail));
	}

	async #decide(received: Received, to: AnswerTo, record: RequestRecord, settings: ForwardAuthSettings): Promise<void> {
		const no = (refusal: Deny): void => record.refused(refusal, refused(to, refusal));
		const { admission, events, monotonic, mustShed } = this.#deps;

		const identified = await identify(received, this.#deps, settings.policy);
		if (!identified.permitted) return no(identified);
		const { principal } = identified.value;
		record.principal = principal;
		received.caller.authenticated();
		if (mustShed()) return no(deny("memory-pressure"));
		if (!events.available) throw new Fault("event-log-unavailable", "the event log cannot be written");

		const judged = await judge(identified.value, settings, (request) => {
			record.judged = request;
		});
		if (!judged.permitted) return no(judged);
		const { unseen } = judged.value;

		const rate = admission.rate(principal.id, monotonic());
		if (!rate.allowed) return no(deny("rate-exceeded", null, rate.retryAfterMs));

		const proxy = to.proxy?.name ?? "";
		await record.permitted([`asked by ${proxy}`, ...(unseen === null ? [] : [unseen])]).settled;
		const status = permitted(to, principal, rateLimitFields(admission.spec.rate, rate));
		record.forwarded({ ...ANSWERED, status, upstream: `behind ${proxy}` });
	}

	/** A question that asks about nothing: refused without asking who. */
	#turnDown(caller: Caller, question: RequestHead | null, proxy: AskingProxy | null, refusal: Deny): void {
		const dialect = dialectOf(question?.path ?? "");
		const id = newRequestId();
		const record = new RequestRecord(id, caller, dialect, this.#deps);
		record.phase = "receiving";
		record.refused(refusal, refused({ id, caller, question, proxy, asked: null, dialect }, refusal));
	}
}

const ANSWERED = {
	outcome: "completed",
	reason: null,
	phase: "ended",
	fault: null,
	usage: null,
	firstByteMs: null,
	upstreamMs: 0,
	detail: null,
} as const;
