/**
 * relay: an upstream's answer on its way to the caller, byte by byte, metered as it passes.
 *
 *  - Both ways have back-pressure: a slow caller pauses the upstream, and the memory between them is one read of a socket.
 *  - The caller's departure cancels the upstream's work at once, in every phase.
 *  - A broken upstream is visible: before the head the caller gets a fault of its own dialect, after it a last error record where the stream has
 *    room for one, and a connection that ends without the end of the body. Never a silent truncation.
 *  - The last bytes wait until the request's start is on disk (invariant 5): a caller cannot have a whole answer of which there is no record. Until
 *    then what came is copied, because the upstream's buffer is used again.
 */
import { certificateOf } from "../http/presented-certificate.ts";
import type { UpstreamCall, UpstreamReceiver } from "../http/upstream-pool.ts";
import { type Deny, deny } from "../model/decision.ts";
import type { Phase } from "../model/event.ts";
import { FAULTS, Fault } from "../model/fault.ts";
import { REASONS } from "../model/reason.ts";
import type { Usage } from "../model/usage.ts";
import { errorFrame } from "../ollama/error-body.ts";
import { createMeter } from "../ollama/meters/create-meter.ts";
import type { Meter } from "../ollama/meters/meter.ts";
import type { Entering } from "../policy/demands.ts";
import type { Batch } from "../ports/event-log.ts";
import type { Placed } from "../std/roster.ts";
import type { ResponseHead } from "../wire/message.ts";
import { answerFields } from "./answer-fields.ts";
import { budgetRefusal } from "./budget-refusal.ts";
import { budgetExceededText } from "./budget-text.ts";
import type { Admitted } from "./exchange.ts";
import type { FilteredAnswers } from "./filtered-answers.ts";
import type { Relayed } from "./forwarded.ts";
import { lateFrame } from "./late-answer.ts";
import type { Watched } from "./runner-watch.ts";

export interface RelayOptions {
	readonly admitted: Admitted;
	/** Resolves when the request's start is on disk. */
	readonly recorded: Batch;
	/** Whole answers that must be filtered are held up to so many bytes. */
	readonly bufferBytes: number;
	readonly answers: FilteredAnswers;
	readonly fields: readonly (readonly [string, string])[];
	readonly monotonic: () => number;
}

/** Who is told, once, what came of it. */
export interface RelayOwner {
	relayed(relayed: Relayed): void;
	/** Nothing was answered yet, so another upstream may be tried, or the pipeline answers. */
	failed(fault: Fault): void;
	/** Cut before anything was answered: the pipeline answers with the refusal. */
	refused(refusal: Deny): void;
}

const STATUS_LEFT = 499;
/** Between two looks a frame comes to its end; waiting for another would pass what is held ahead. */
const OVERDUE_LOOKS = 1;
const STATUS_OPENED = 200;

export class Relay implements UpstreamReceiver, Placed {
	place = -1;
	readonly #options: RelayOptions;
	readonly #owner: RelayOwner;
	readonly #began: number;
	/** Set before anything can come back, where the operation is watched. */
	watched: Watched | null = null;
	#call: UpstreamCall | null = null;
	#phase: Phase = "connecting";
	#sentAt: number | null = null;
	#firstByteMs: number | null = null;
	#status = STATUS_LEFT;
	#meter: Meter | null = null;
	#held: Buffer[] | null = null;
	#heldBytes = 0;
	#head: ResponseHead | null = null;
	#streams = false;
	/** Status of an answer that is no stream, where one was begun while the request waited: it is said within that one. */
	#lateStatus: number | null = null;
	#settled = false;
	/** A budget has ended the answer, and nothing more of the upstream is wanted. */
	#ending = false;
	/** How often it was to be ended and could not be. */
	#overdue = 0;

	constructor(options: RelayOptions, owner: RelayOwner) {
		this.#options = options;
		this.#owner = owner;
		this.#began = options.monotonic();
	}

	/** Whether an answer is on its way that comes piece by piece. */
	get streaming(): boolean {
		return this.#streams && !this.#settled;
	}

	/** Id of whose request it is. */
	get principal(): string {
		return this.#options.admitted.principal.id;
	}

	/** Whose request it is, and how it came. */
	get entering(): Entering {
		const { principal, caller } = this.#options.admitted;
		return { principal, address: caller.peer, certificate: certificateOf(caller) !== null };
	}

	/** Binds the call, so that the caller's departure can end it. */
	attach(call: UpstreamCall): void {
		this.#call = call;
		const { caller } = this.#options.admitted;
		caller.departureListener = this;
		if (caller.departed) this.callerLeft();
	}

	callerLeft(): void {
		if (this.#settled) return;
		this.#call?.cancel();
		const usage = this.#meter?.end(false).usage ?? null;
		this.#settle({ outcome: "abandoned", fault: null, reason: null, usage, detail: null });
		this.#options.admitted.caller.finish();
	}

	/** Ends the call from outside: a runner that answers nobody, a timeout, a shutdown. */
	fail(fault: Fault): void {
		this.#call?.cancel();
		this.onFault(fault);
	}

	/**
	 * Its time on the GPU has used up a budget, whether tokens come or not. Called again until it has ended: a stream ends between two frames, so that what
	 * the caller got stays whole; one that says nothing more ends all the same.
	 */
	exhausted(): void {
		const { hold, dialect } = this.#options.admitted;
		const counter = hold?.exhausted ?? null;
		if (this.#settled || this.#ending || hold === null || counter === null) return;
		const begun = this.#head !== null && this.#held === null;
		// An answer in one piece that has begun has been made.
		if (begun && !this.#streams) return;
		if (begun && this.#meter?.cuttable === true) this.#endAtBound();
		else if (!begun || ++this.#overdue > OVERDUE_LOOKS)
			this.cut(budgetRefusal({ counter, needed: 0, retryAt: counter.who.renews(counter.budget, 1, hold.now) }, hold, dialect));
	}

	/** We end it: the server stops, or the key is no longer good. Before the answer has begun it is a refusal. */
	cut(refusal: Deny): void {
		if (this.#settled) return;
		if (this.#head === null || this.#held !== null) {
			this.#refuse(refusal);
			return;
		}
		const { caller } = this.#options.admitted;
		this.#call?.cancel();
		const end = this.#meter?.end(false) ?? null;
		if (this.#streams && end?.boundary === true) {
			caller.write(end.relay);
			const { status, message } = REASONS[refusal.reason];
			caller.write(this.#errorFrame({ status, code: refusal.reason, message }));
		}
		this.#settle({ outcome: "cut", fault: null, reason: refusal.reason, usage: end?.usage ?? null, detail: null });
		caller.cut();
	}

	/** The request was refused while its body streamed: nothing of the upstream is wanted any more, and the pipeline answers. */
	stop(): void {
		if (this.#settled) return;
		this.#settled = true;
		this.#call?.cancel();
		this.#release(null);
	}

	onConnected(): void {
		this.#phase = "waiting";
		this.#sentAt = this.#options.monotonic();
	}

	onDrain(): void {
		this.#options.admitted.caller.resumeBody();
	}

	onHead(head: ResponseHead): void {
		const { judged } = this.#options.admitted;
		this.#head = head;
		this.#phase = "streaming";
		this.#status = head.status;
		this.#firstByteMs = this.#options.monotonic() - (this.#sentAt ?? this.#began);
		this.watched?.answered(this.#firstByteMs);
		if (judged.operation.filter !== null && head.status === 200) {
			this.#held = [];
			return;
		}
		const contentType = head.fields.get("content-type") ?? "";
		if (this.#options.admitted.lease.opened && !isStream(head.status, contentType)) {
			this.#held = [];
			this.#lateStatus = head.status;
			this.#status = STATUS_OPENED;
			return;
		}
		this.#streams = head.framing.kind === "chunked" && judged.streaming;
		if (judged.operation.usage !== "none" || judged.streaming) {
			const { hold } = this.#options.admitted;
			this.#meter = createMeter(judged, { status: head.status, contentType }, hold?.bounds === true ? hold : null);
		}
		this.#respond(head, null);
	}

	onBody(bytes: Buffer): void {
		if (this.#held !== null) {
			if (this.#settled) return;
			this.#heldBytes += bytes.length;
			if (this.#heldBytes > this.#options.bufferBytes) {
				this.fail(new Fault("upstream-malformed", `an answer to be filtered is longer than ${this.#options.bufferBytes} bytes`));
				return;
			}
			// Callers that ask for long answers and read them slowly would fill memory; their bodies and these share one budget.
			if (!this.#options.admitted.caller.hold(bytes.length)) {
				this.#refuse(deny("memory-pressure", "the budget for buffered answers is used up"));
				return;
			}
			this.#held.push(Buffer.from(bytes));
			return;
		}
		const passed = this.#meter === null ? bytes : this.#meter.push(bytes);
		this.#options.admitted.caller.write(this.#options.recorded.committed ? passed : Buffer.from(passed));
		if (this.#meter !== null && this.#meter.bounded && !this.#ending) this.#endAtBound();
	}

	onFlush(): void {
		if (this.#settled || this.#head === null) return;
		this.watched?.progressed();
		const { caller } = this.#options.admitted;
		if (this.#held !== null || caller.flush()) return;
		this.#call?.pause();
		caller.onDrain = () => this.#call?.resume();
	}

	onEnd(): void {
		if (this.#settled || this.#ending) return;
		const { recorded } = this.#options;
		if (recorded.committed) this.#complete();
		else
			recorded.settled.then(
				() => this.#complete(),
				(fault: unknown) => this.onFault(asFault(fault)),
			);
	}

	onFault(fault: Fault): void {
		if (this.#settled) return;
		const { caller } = this.#options.admitted;
		const end = this.#meter?.end(false) ?? null;
		if (this.#head === null || this.#held !== null) {
			this.#settled = true;
			this.#release(end?.usage ?? null);
			this.#owner.failed(fault);
			return;
		}
		if (this.#streams && end?.boundary === true) {
			caller.write(end.relay);
			caller.write(this.#errorFrame({ code: fault.code, ...FAULTS[fault.code] }));
		}
		this.#settle({ outcome: "fault", fault, reason: null, usage: end?.usage ?? null, detail: fault.message });
		caller.cut();
	}

	/** Nothing was answered: what the upstream still says is not wanted, and whoever watches its runner no longer waits for it. */
	#refuse(refusal: Deny): void {
		this.#settled = true;
		this.#call?.cancel();
		this.#release(null);
		this.#owner.refused(refusal);
	}

	/** The answer has come to what a budget has left: it ends as if the model had come to its own bound, and the GPU stops. */
	#endAtBound(): void {
		this.#ending = true;
		this.#call?.cancel();
		const { recorded } = this.#options;
		if (recorded.committed) this.#closeAtBound();
		else
			recorded.settled.then(
				() => this.#closeAtBound(),
				(fault: unknown) => this.onFault(asFault(fault)),
			);
	}

	#closeAtBound(): void {
		if (this.#settled || this.#meter === null) return;
		const { caller, id, hold } = this.#options.admitted;
		const reason = "budget-exceeded";
		const elapsedMs = this.#options.monotonic() - (this.#sentAt ?? this.#began);
		const exhausted = hold?.exhausted ?? null;
		const budget = exhausted?.budget.spec.name ?? null;
		const message =
			hold === null || exhausted === null
				? REASONS[reason].message
				: budgetExceededText(exhausted.budget.spec, 0, exhausted.who.renews(exhausted.budget, 1, hold.now), exhausted.budget.limit);
		const { relay, usage } = this.#meter.cut({ reason, budget, message, request_id: id, elapsedMs });
		caller.write(relay);
		this.#settle({ outcome: "cut", fault: null, reason, usage, detail: budget });
		caller.finish();
	}

	#errorFrame({ status, code, message }: { readonly status: number; readonly code: string; readonly message: string }): Buffer {
		const { judged, id } = this.#options.admitted;
		return Buffer.from(errorFrame(judged.operation.dialect, { status, code, message, requestId: id }), "utf8");
	}

	#complete(): void {
		if (this.#settled) return;
		const { caller } = this.#options.admitted;
		if (this.#held !== null && this.#lateStatus !== null) this.#writeLate(Buffer.concat(this.#held));
		else if (this.#held !== null) this.#respondFiltered(Buffer.concat(this.#held));
		// What could not be filtered is a fault by now, and the pipeline's to answer.
		if (this.#settled) return;
		const end = this.#meter?.end(true) ?? null;
		if (end !== null) caller.write(end.relay);
		this.#settle({ outcome: "completed", fault: null, reason: null, usage: end?.usage ?? null, detail: end?.failed ?? this.#lateDetail() });
		caller.finish();
	}

	#lateDetail(): string | null {
		return this.#lateStatus === null ? null : `the upstream answered ${this.#lateStatus}`;
	}

	#writeLate(body: Buffer): void {
		const { judged, caller, id } = this.#options.admitted;
		this.#held = null;
		caller.write(lateFrame(judged, body, id));
	}

	#respondFiltered(body: Buffer): void {
		const { judged, grant, caller } = this.#options.admitted;
		if (this.#head === null || judged.operation.filter === null) return;
		if (caller.head?.method === "HEAD") {
			// How long a GET's answer would be is not known before it is filtered; none is said rather than 0, or than what hidden models add.
			this.#held = null;
			caller.respond(this.#head.status, answerFields(this.#head.fields, this.#options.fields), { kind: "none" });
			return;
		}
		let filtered: Buffer;
		try {
			filtered = this.#options.answers.filter(judged.operation.filter, body, grant.view);
		} catch (error) {
			// Fails closed: an answer that cannot be filtered is not shown.
			this.onFault(asFault(error));
			return;
		}
		this.#held = null;
		this.#respond(this.#head, filtered.length);
		caller.write(filtered);
	}

	#respond(head: ResponseHead, length: number | null): void {
		const { caller, judged, lease } = this.#options.admitted;
		if (lease.opened) return;
		const fields = answerFields(head.fields, this.#options.fields);
		// The meter may take a chunk out of a stream, so a stream never keeps a length.
		const keepsLength = head.framing.kind === "none" || (head.framing.kind === "length" && !judged.streaming);
		const declared = head.fields.get("content-length");
		if (length !== null) caller.respond(head.status, fields, { kind: "length", bytes: length });
		else if (head.framing.kind === "none" && declared !== undefined && caller.head?.method === "HEAD")
			caller.respond(head.status, fields, { kind: "length", bytes: Number(declared) });
		else if (keepsLength) caller.respond(head.status, fields, head.framing);
		else caller.respond(head.status, fields, caller.head?.minor === 0 ? { kind: "close" } : { kind: "chunked" });
	}

	#settle(end: Pick<Relayed, "outcome" | "fault" | "reason" | "usage" | "detail">): void {
		this.#settled = true;
		this.#release(end.usage);
		const upstreamMs = this.#options.monotonic() - this.#began;
		const { outcome, fault, reason, usage, detail } = end;
		this.#owner.relayed({
			outcome,
			fault,
			reason,
			usage,
			detail,
			phase: this.#phase,
			status: this.#status,
			firstByteMs: this.#firstByteMs,
			upstreamMs,
		});
	}

	#release(usage: Usage | null): void {
		this.watched?.ended(usage);
		this.#options.admitted.caller.departureListener = null;
		this.#options.admitted.caller.onDrain = null;
	}
}

function isStream(status: number, contentType: string): boolean {
	return status === STATUS_OPENED && (contentType.startsWith("application/x-ndjson") || contentType.startsWith("text/event-stream"));
}

export function asFault(error: unknown): Fault {
	if (error instanceof Fault) return error;
	return new Fault("internal-error", error instanceof Error ? error.message : String(error), { cause: error });
}
