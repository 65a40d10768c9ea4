/**
 * forward: the granted request to an upstream, the answer back.
 *
 *  - The upstream's request is built from nothing: canonical path, our Host, an allow-list of fields, our framing, the body serialised from what was
 *    judged. No credential can be in it, because none is copied.
 *  - Where no connection could be made, nothing was sent, and another upstream may serve.
 *  - A blob streams through with back-pressure and is checked as it passes; a blob that fails never gets its last byte. One that announces too much
 *    is refused before anything is sent.
 */

import type { UpstreamRequest } from "../../http/upstream-pool.ts";
import { type Deny, deny } from "../../model/decision.ts";
import type { Fault } from "../../model/fault.ts";
import { serialise } from "../../ollama/understand.ts";
import type { Batch } from "../../ports/event-log.ts";
import type { GpuWork } from "../../quota/reservation.ts";
import type { Roster } from "../../std/roster.ts";
import type { Framing } from "../../wire/message.ts";
import { requestHead } from "../../wire/write.ts";
import { BlobUpload } from "../blob-upload.ts";
import type { Admitted } from "../exchange.ts";
import type { FilteredAnswers } from "../filtered-answers.ts";
import type { Forwarded, Relayed } from "../forwarded.ts";
import { answerMerged, isMergeable } from "../merged-list.ts";
import { Relay, type RelayOwner } from "../relay.ts";
import { tokenBoundOf } from "../token-bound.ts";
import type { Upstream } from "../upstream.ts";
import type { Upstreams } from "../upstreams.ts";

export interface ForwardDeps {
	readonly upstreams: Upstreams;
	readonly monotonic: () => number;
	readonly bufferBytes: number;
	readonly answers: FilteredAnswers;
	readonly uploadBytes: number;
	/** Longest wait for the first byte of an answer. */
	readonly firstByteTimeoutMs: number;
	/** Every relay that runs, so that a stopping server or a revoked key can cut it. */
	readonly running: Roster<Relay>;
}

const REPLAYABLE: ReadonlySet<string> = new Set(["probe", "read", "infer"]);
/** The caller's own fields that an upstream may see. */
const PASSED = ["accept", "user-agent", "anthropic-version", "openai-beta"] as const;

/** Rejects with a Fault where nothing was answered yet. */
export function forward(
	admitted: Admitted,
	recorded: Batch,
	fields: readonly (readonly [string, string])[],
	deps: ForwardDeps,
): Promise<Forwarded> {
	const { body } = admitted.judged;
	if (body.kind === "blob" && body.length !== null && body.length > deps.uploadBytes) {
		const refusal = deny("body-too-large", `${body.length} bytes announced, ${deps.uploadBytes} allowed`);
		return Promise.resolve({ outcome: "refused", refusal, upstream: "none", gpuMs: 0 });
	}
	if (deps.upstreams.all.length > 1 && isMergeable(admitted)) {
		const upstreams = deps.upstreams.all.filter((upstream) => upstream.healthy !== false);
		if (upstreams.length > 1) {
			const { firstByteTimeoutMs: timeoutMs, monotonic } = deps;
			return answerMerged(admitted, { upstreams, recorded, fields, timeoutMs, monotonic });
		}
	}
	return new Promise((resolve, reject) => new Forwarding(admitted, recorded, fields, deps, resolve, reject).call());
}

/** One request on its way: to the first upstream, and to another where no connection could be made. */
class Forwarding implements RelayOwner, GpuWork {
	readonly #admitted: Admitted;
	readonly #recorded: Batch;
	readonly #fields: readonly (readonly [string, string])[];
	readonly #deps: ForwardDeps;
	readonly #resolve: (forwarded: Forwarded) => void;
	readonly #reject: (fault: unknown) => void;
	/** Names of those that had their turn. */
	readonly #tried: string[] = [];
	#upstream: Upstream | null = null;
	#relay: Relay | null = null;
	/** Since when it runs on the upstream's GPU, by two clocks; null where it does not. */
	#onGpu: { readonly virtual: number; readonly since: number } | null = null;
	#gpuShare = 0;
	#gpuMs = 0;

	constructor(
		admitted: Admitted,
		recorded: Batch,
		fields: readonly (readonly [string, string])[],
		deps: ForwardDeps,
		resolve: (forwarded: Forwarded) => void,
		reject: (fault: unknown) => void,
	) {
		this.#admitted = admitted;
		this.#recorded = recorded;
		this.#fields = fields;
		this.#deps = deps;
		this.#resolve = resolve;
		this.#reject = reject;
	}

	call(): void {
		const { judged, caller } = this.#admitted;
		const { upstreams, running, uploadBytes, bufferBytes, answers, monotonic } = this.#deps;
		const upstream = upstreams.choose(judged, this.#tried);
		this.#tried.push(upstream.name);
		this.#upstream = upstream;
		const options = { admitted: this.#admitted, recorded: this.#recorded, fields: this.#fields, bufferBytes, answers, monotonic };
		const relay = new Relay(options, this);
		this.#relay = relay;
		const [model] = judged.models;
		if (judged.operation.class === "infer" && model !== undefined) {
			relay.watched = upstream.watch.watch({
				model: model.name.full,
				streaming: judged.streaming,
				bytes: caller.bytesIn,
				tokenBound: tokenBoundOf(judged),
				relay,
			});
		}
		upstream.enter();
		if (judged.operation.class === "infer" && model?.name.cloud !== true) this.#enterGpu(upstream);
		running.join(relay);
		const call = upstream.pool.call(this.#requestTo(upstream), relay);
		relay.attach(call);
		if (judged.body.kind === "blob")
			caller.streamBody(new BlobUpload(call, judged.body.length, (refusal) => this.#refuseUpload(refusal)), uploadBytes);
	}

	relayed({ outcome, phase, status, fault, reason, usage, firstByteMs, upstreamMs, detail }: Relayed): void {
		const upstream = this.#done();
		this.#resolve({ outcome, phase, status, fault, reason, usage, firstByteMs, upstreamMs, detail, upstream, gpuShare: this.#gpuShare });
	}

	failed(fault: Fault): void {
		this.#done();
		const { judged, caller } = this.#admitted;
		const { upstreams } = this.#deps;
		const unreachable = fault.code === "upstream-unreachable";
		if (unreachable && this.#upstream !== null) upstreams.reportDown(this.#upstream, fault.message);
		const replayable = judged.body.kind !== "blob" && !caller.departed;
		if (replayable && unreachable && upstreams.hasOther(this.#tried)) this.#callAgain();
		else this.#reject(fault);
	}

	refused(refusal: Deny): void {
		const upstream = this.#done();
		this.#resolve({ outcome: "refused", refusal, upstream, gpuMs: this.#gpuMs });
	}

	#callAgain(): void {
		try {
			this.call();
		} catch (bug) {
			this.#reject(bug);
		}
	}

	#refuseUpload(refusal: Deny): void {
		this.#relay?.stop();
		this.refused(refusal);
	}

	#enterGpu({ gpu }: Upstream): void {
		const { monotonic } = this.#deps;
		const since = monotonic();
		const virtual = gpu.enter(since);
		this.#onGpu = { virtual, since };
		this.#admitted.hold?.runsOn(this);
	}

	/** Microseconds of the GPU so far. */
	gpuUs(): number {
		if (this.#onGpu === null || this.#upstream === null) return this.#gpuMs * 1_000;
		return this.#upstream.gpu.chargedMs(this.#onGpu.virtual, this.#deps.monotonic()) * 1_000;
	}

	/** A budget has no more time for it. */
	exhausted(): void {
		this.#relay?.exhausted();
	}

	#done(): string {
		if (this.#onGpu !== null && this.#upstream !== null) {
			const { virtual, since } = this.#onGpu;
			const now = this.#deps.monotonic();
			this.#gpuShare = this.#upstream.gpu.leave(virtual, since, now);
			this.#gpuMs = this.#gpuShare * (now - since);
			this.#onGpu = null;
		}
		if (this.#relay !== null) this.#deps.running.leave(this.#relay);
		this.#upstream?.leave();
		return this.#upstream?.name ?? "none";
	}

	#requestTo({ pool }: Upstream): UpstreamRequest {
		const { judged, caller, id } = this.#admitted;
		const serialised = serialise(judged);
		const fields: (readonly [string, string])[] = [["host", pool.target.authority]];
		for (const name of PASSED) {
			const value = caller.head?.fields.get(name);
			if (value !== undefined) fields.push([name, value]);
		}
		// Ollama believes whatever stands here and writes it to its log, so it must be ours.
		fields.push(["x-forwarded-for", caller.peer], ["x-request-id", id]);
		if (serialised !== null) fields.push(["content-type", serialised.contentType]);
		return {
			method: judged.method,
			head: requestHead(judged.method, judged.path, fields, framingOf(this.#admitted, serialised?.bytes ?? null)),
			body: serialised?.body ?? null,
			replayable: REPLAYABLE.has(judged.operation.class),
			firstByteMs: this.#deps.firstByteTimeoutMs,
		};
	}
}

function framingOf({ judged }: Admitted, length: number | null): Exclude<Framing, { kind: "close" }> {
	if (judged.body.kind !== "blob") return length === null ? { kind: "none" } : { kind: "length", bytes: length };
	return judged.body.length === null ? { kind: "chunked" } : { kind: "length", bytes: judged.body.length };
}
