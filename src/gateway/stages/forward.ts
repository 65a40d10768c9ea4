/**
 * forward: the granted request to an upstream, the answer back.
 *
 *  - The upstream's request is built from nothing: canonical path, our Host, an allow-list of fields, our framing, the body serialised from what was
 *    judged. No credential can be in it, because none is copied.
 *  - Where no connection could be made, nothing was sent, and another upstream may serve.
 *  - A blob streams through with back-pressure and is checked as it passes; a blob that fails never gets its last byte. One that announces too much
 *    is refused before anything is sent.
 */
import { type Deny, deny } from "../../model/decision.ts";
import { serialise } from "../../ollama/understand.ts";
import type { Batch } from "../../ports/event-log.ts";
import type { Roster } from "../../std/roster.ts";
import type { Framing } from "../../wire/message.ts";
import { requestHead } from "../../wire/write.ts";
import { BlobUpload } from "../blob-upload.ts";
import type { Admitted } from "../exchange.ts";
import type { Forwarded } from "../forwarded.ts";
import { answerMerged, isMergeable } from "../merged-list.ts";
import { asFault, Relay } from "../relay.ts";
import { tokenBoundOf } from "../token-bound.ts";
import type { Upstream } from "../upstream.ts";
import type { Upstreams } from "../upstreams.ts";

export interface ForwardDeps {
	readonly upstreams: Upstreams;
	readonly monotonic: () => number;
	readonly bufferBytes: number;
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
export async function forward(
	admitted: Admitted,
	recorded: Batch,
	fields: readonly (readonly [string, string])[],
	deps: ForwardDeps,
): Promise<Forwarded> {
	const { body } = admitted.judged;
	if (body.kind === "blob" && body.length !== null && body.length > deps.uploadBytes) {
		const refusal = deny("body-too-large", `${body.length} bytes announced, ${deps.uploadBytes} allowed`);
		return { outcome: "refused", refusal, upstream: "none" };
	}
	const healthy = deps.upstreams.all.filter((upstream) => upstream.healthy !== false);
	if (healthy.length > 1 && isMergeable(admitted)) {
		return await answerMerged(admitted, {
			upstreams: healthy,
			recorded,
			fields,
			timeoutMs: deps.firstByteTimeoutMs,
			monotonic: deps.monotonic,
		});
	}
	const tried = new Set<string>();
	for (;;) {
		const upstream = deps.upstreams.choose(admitted.judged, tried);
		tried.add(upstream.name);
		try {
			return await callUpstream(upstream, admitted, recorded, fields, deps);
		} catch (error) {
			const fault = asFault(error);
			if (fault.code === "upstream-unreachable") deps.upstreams.reportDown(upstream, fault.message);
			const replayable = admitted.judged.body.kind !== "blob" && !admitted.caller.departed;
			const another = replayable && fault.code === "upstream-unreachable" && deps.upstreams.hasOther(tried);
			if (!another) throw fault;
		}
	}
}

function callUpstream(
	upstream: Upstream,
	admitted: Admitted,
	recorded: Batch,
	fields: readonly (readonly [string, string])[],
	deps: ForwardDeps,
): Promise<Forwarded> {
	const { judged, caller } = admitted;
	const [model] = judged.models;
	return new Promise((resolve, reject) => {
		const done = (): void => {
			clearTimeout(timer);
			upstream.leave();
			deps.running.leave(relay);
		};
		const refuse = (refusal: Deny): void => {
			relay.stop();
			done();
			resolve({ outcome: "refused", refusal, upstream: upstream.name });
		};
		const watched =
			judged.operation.class === "infer" && model !== undefined
				? upstream.watch.watch({
						model: model.name.full,
						streaming: judged.streaming,
						bytes: caller.bytesIn,
						tokenBound: tokenBoundOf(judged),
						fail: (fault) => relay.fail(fault),
					})
				: null;
		const relay: Relay = new Relay(
			{
				admitted,
				recorded,
				fields,
				watched,
				bufferBytes: deps.bufferBytes,
				monotonic: deps.monotonic,
				onFirstByte: () => clearTimeout(timer),
				onRefused: refuse,
			},
			(relayed) => {
				done();
				resolve({ ...relayed, upstream: upstream.name });
			},
			(fault) => {
				done();
				reject(fault);
			},
		);
		const timer = setTimeout(() => relay.timeOut(deps.firstByteTimeoutMs), deps.firstByteTimeoutMs);
		upstream.enter();
		deps.running.join(relay);
		const call = upstream.pool.call(upstreamRequest(upstream, admitted), relay);
		relay.attach(call);
		if (judged.body.kind === "blob") caller.streamBody(new BlobUpload(call, judged.body.length, refuse), deps.uploadBytes);
	});
}

function upstreamRequest(
	{ pool }: Upstream,
	admitted: Admitted,
): { method: string; head: string; body: Buffer | null; replayable: boolean } {
	const { judged, caller } = admitted;
	const serialised = serialise(judged);
	const fields: [string, string][] = [["host", pool.target.authority]];
	for (const name of PASSED) {
		const value = caller.head?.fields.get(name);
		if (value !== undefined) fields.push([name, value]);
	}
	// Ollama believes whatever stands here and writes it to its log, so it must be ours.
	fields.push(["x-forwarded-for", caller.peer], ["x-request-id", admitted.id]);
	if (serialised !== null) fields.push(["content-type", serialised.contentType]);
	return {
		method: judged.method,
		head: requestHead(judged.method, judged.path, fields, framingOf(admitted, serialised?.bytes.length ?? null)),
		body: serialised?.bytes ?? null,
		replayable: REPLAYABLE.has(judged.operation.class),
	};
}

function framingOf({ judged }: Admitted, length: number | null): Exclude<Framing, { kind: "close" }> {
	if (judged.body.kind !== "blob") return length === null ? { kind: "none" } : { kind: "length", bytes: length };
	return judged.body.length === null ? { kind: "chunked" } : { kind: "length", bytes: judged.body.length };
}
