/**
 * record: exactly one event at the start of a request and one at its end.
 *
 *  - The start says what was decided and is queued before anything goes upstream; the end says what came of it.
 *  - Texts that a caller chose are cut short and stripped of control characters, so that a record is one line whatever was sent (log injection).
 *  - A flood of strangers is written up to a rate and counted beyond it: refusals must not fill the disk that permits need.
 */

import type { Caller } from "../../http/caller.ts";
import type { Charge, Reserved } from "../../model/charge.ts";
import type { Deny } from "../../model/decision.ts";
import type { Event, Outcome, Phase, RequestEnded, RequestStarted } from "../../model/event.ts";
import type { Fault } from "../../model/fault.ts";
import type { Dialect } from "../../model/operation-class.ts";
import type { Principal } from "../../model/principal.ts";
import type { Priority } from "../../model/priority.ts";
import type { Reason } from "../../model/reason.ts";
import type { JudgedRequest } from "../../ollama/judged-request.ts";
import type { Batch, EventLog } from "../../ports/event-log.ts";
import type { Relayed } from "../forwarded.ts";
import type { RefusalSampler } from "../refusal-sampler.ts";

export interface RecordDeps {
	readonly events: EventLog;
	/** Everything recorded passes here too: metrics, and later detection. */
	readonly observe: (event: Event) => void;
	readonly sampler: RefusalSampler;
	readonly now: () => number;
	readonly monotonic: () => number;
}

const PATH_CHARACTERS = 256;
const AGENT_CHARACTERS = 160;
const MODEL_CHARACTERS = 160;
const METHOD_CHARACTERS = 16;
const GROUPS_MOST = 16;
const GROUP_CHARACTERS = 64;
const STATUS_LEFT = 499;

/** What is known of one request so far. The pipeline fills it as stages pass; it decides nothing. */
export class RequestRecord {
	principal: Principal | null = null;
	judged: JudgedRequest | null = null;
	queuedMs = 0;
	priority: Priority | null = null;
	reserved: Reserved | null = null;
	charged: Charge | null = null;
	gpuTimeUs = 0;
	/** How far the request has come, for a caller who leaves before it is forwarded. */
	phase: Phase = "deciding";
	readonly #id: string;
	readonly #caller: Caller;
	readonly #dialect: Dialect;
	readonly #deps: RecordDeps;
	#batch: Batch | null = null;
	#written = true;

	constructor(id: string, caller: Caller, dialect: Dialect, deps: RecordDeps) {
		this.#id = id;
		this.#caller = caller;
		this.#dialect = dialect;
		this.#deps = deps;
	}

	/** The request may run. */
	permitted(amendments: readonly string[]): Batch {
		return this.#start("permit", null, null, amendments.length === 0 ? null : amendments.join("; "));
	}

	/** A browser's question, which carries no credential: a stranger's flood of them must not fill the disk either. Metrics count them all. */
	preflight(): void {
		this.#written = this.#deps.sampler.hasRoom(this.#deps.monotonic());
		this.#start("permit", null, null, "preflight");
	}

	refused(refusal: Deny, status: number): void {
		if (this.#caller.departed) {
			this.#startOnce("deny", refusal, null);
			this.#end({ ...BARE, outcome: "abandoned", phase: this.phase, status: STATUS_LEFT, detail: refusal.detail });
			return;
		}
		this.#startOnce("deny", refusal, null);
		this.#end({ ...BARE, outcome: "refused", phase: this.phase, status, reason: refusal.reason, detail: refusal.detail });
	}

	failed(fault: Fault, status: number): void {
		this.#startOnce("fault", null, fault);
		const left = this.#caller.departed;
		this.#end({
			...BARE,
			outcome: left ? "abandoned" : "fault",
			phase: this.phase,
			status: left ? STATUS_LEFT : status,
			fault: fault.code,
			detail: fault.message,
		});
	}

	forwarded(forwarded: Relayed & { readonly upstream: string }): void {
		const { outcome, phase, status, reason, fault, detail, upstream, upstreamMs, firstByteMs, usage } = forwarded;
		this.#end({
			outcome,
			phase: outcome === "completed" ? "ended" : phase,
			status,
			reason,
			fault: fault?.code ?? null,
			detail,
			upstream,
			upstreamMs,
			firstByteMs,
			usage,
		});
	}

	/** Of a stranger's. Faults are his to repeat too while an identity provider is away; beyond the rate metrics alone count those. */
	#hasRoom(reason: Reason | null): boolean {
		const { sampler, monotonic } = this.#deps;
		return reason === null ? sampler.hasRoom(monotonic()) : sampler.admits(reason, monotonic());
	}

	#startOnce(decision: "deny" | "fault", refusal: Deny | null, fault: Fault | null): void {
		if (this.#batch !== null) return;
		const reason = refusal?.reason ?? null;
		this.#written = this.principal !== null || this.#hasRoom(reason);
		this.#start(decision, refusal, fault, refusal?.detail ?? fault?.message ?? null);
	}

	#start(decision: "permit" | "deny" | "fault", refusal: Deny | null, fault: Fault | null, detail: string | null): Batch {
		const { head, peer } = this.#caller;
		const operation = this.judged?.operation ?? null;
		const event: RequestStarted = {
			type: "request-started",
			at: this.#deps.now(),
			request: this.#id,
			peer,
			method: clean(head?.method ?? "", METHOD_CHARACTERS),
			path: clean(head?.path ?? "", PATH_CHARACTERS),
			userAgent: cleanOrNull(head?.fields.get("user-agent"), AGENT_CHARACTERS),
			principal: this.principal?.id ?? null,
			principalName: this.principal?.name ?? null,
			role: this.principal?.role ?? null,
			operation: operation?.id ?? null,
			class: operation?.class ?? null,
			dialect: operation?.dialect ?? this.#dialect,
			model: this.#model(),
			streaming: this.judged?.streaming ?? false,
			decision,
			reason: refusal?.reason ?? null,
			fault: fault?.code ?? null,
			detail: cleanOrNull(detail, PATH_CHARACTERS),
			reserved: this.reserved,
		};
		this.#batch = this.#write(event);
		return this.#batch;
	}

	#end(end: End): void {
		const { events: _events, now, monotonic } = this.#deps;
		const durationMs = this.#caller.receivedAt === 0 ? 0 : monotonic() - this.#caller.receivedAt;
		const operation = this.judged?.operation ?? null;
		const event: RequestEnded = {
			type: "request-ended",
			at: now(),
			request: this.#id,
			principal: this.principal?.id ?? null,
			groups: this.principal === null ? null : groupsOf(this.principal),
			operation: operation?.id ?? null,
			class: operation?.class ?? null,
			dialect: operation?.dialect ?? this.#dialect,
			model: this.#model(),
			method: clean(this.#caller.head?.method ?? "", METHOD_CHARACTERS),
			outcome: end.outcome,
			phase: end.phase,
			status: end.status,
			reason: end.reason,
			fault: end.fault,
			detail: cleanOrNull(end.detail, PATH_CHARACTERS),
			upstream: end.upstream,
			durationMs: round(durationMs),
			queuedMs: round(this.queuedMs),
			priority: this.priority,
			firstByteMs: end.firstByteMs === null ? null : round(end.firstByteMs),
			overheadMs: round(Math.max(0, durationMs - this.queuedMs - end.upstreamMs)),
			bytesIn: this.#caller.bytesIn,
			bytesOut: this.#caller.bytesOut,
			usage: end.usage,
			gpuTimeUs: this.gpuTimeUs,
			charged: this.charged,
		};
		this.#write(event);
	}

	#write(event: Event): Batch {
		this.#deps.observe(event);
		return this.#written ? this.#deps.events.append(event) : NOT_WRITTEN;
	}

	#model(): string | null {
		const model = this.judged?.models[0]?.name.short;
		return model === undefined ? null : model.slice(0, MODEL_CHARACTERS);
	}
}

interface End {
	readonly outcome: Outcome;
	readonly phase: Phase;
	readonly status: number;
	readonly reason: RequestEnded["reason"];
	readonly fault: RequestEnded["fault"];
	readonly detail: string | null;
	readonly upstream: string | null;
	readonly upstreamMs: number;
	readonly firstByteMs: number | null;
	readonly usage: RequestEnded["usage"];
}

const BARE = { reason: null, fault: null, detail: null, upstream: null, upstreamMs: 0, firstByteMs: null, usage: null } as const;
/** A refusal that the sampler counts instead: it is not on disk one by one, and no effect of it is relied upon. */
const NOT_WRITTEN: Batch = Object.freeze({ committed: true, settled: Promise.resolve() });

const PRINTABLE = /^[\x20-\x7e]*$/;
const UNPRINTABLE = /[^\x20-\x7e]/g;

function clean(text: string, most: number): string {
	const cut = text.length > most ? text.slice(0, most) : text;
	return PRINTABLE.test(cut) ? cut : cut.replace(UNPRINTABLE, "?");
}

/** A directory may know thousands: the record takes the first of them, in the order of their names, so that the same ones are the same text. */
function groupsOf({ groups }: Principal): readonly string[] | null {
	if (groups.length === 0) return null;
	const cut = groups.map((group) => clean(group, GROUP_CHARACTERS));
	return cut.length === 1 ? cut : cut.toSorted().slice(0, GROUPS_MOST);
}

function cleanOrNull(text: string | null | undefined, most: number): string | null {
	return text === null || text === undefined ? null : clean(text, most);
}

function round(ms: number): number {
	return Math.round(ms * 1000) / 1000;
}
