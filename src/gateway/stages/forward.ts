/**
 * forward: the granted request to an upstream, the answer back.
 *
 *  - The upstream's request is built from nothing: canonical path, our Host, an allow-list of fields, our framing, the body serialised from what was
 *    judged. No credential can be in it, because none is copied.
 *  - Where no connection could be made, nothing was sent, and another upstream may serve.
 *  - A blob streams through with back-pressure and is checked as it passes; a blob that fails never gets its last byte.
 */
import type { UpstreamCall } from "../../http/upstream-pool.ts";
import type { Deny } from "../../model/decision.ts";
import type { Fault } from "../../model/fault.ts";
import { serialise } from "../../ollama/understand.ts";
import type { Batch } from "../../ports/event-log.ts";
import type { Framing } from "../../wire/message.ts";
import { requestHead } from "../../wire/write.ts";
import { BlobUpload } from "../blob-upload.ts";
import type { Admitted } from "../exchange.ts";
import { asFault, Relay, type Relayed } from "../relay.ts";
import { tokenBoundOf } from "../token-bound.ts";
import type { Upstream, Upstreams } from "../upstreams.ts";

export interface ForwardDeps {
	readonly upstreams: Upstreams;
	readonly monotonic: () => number;
	readonly bufferBytes: number;
	readonly uploadBytes: number;
	/** Longest wait for the first byte of an answer. */
	readonly firstByteTimeoutMs: number;
}

export type Forwarded =
	| (Relayed & { readonly upstream: string })
	| { readonly outcome: "refused"; readonly refusal: Deny; readonly upstream: string };

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
		let timer: NodeJS.Timeout | null = null;
		const end = (forwarded: Forwarded): void => {
			if (timer !== null) clearTimeout(timer);
			upstream.leave();
			resolve(forwarded);
		};
		const fail = (fault: Fault): void => {
			if (timer !== null) clearTimeout(timer);
			upstream.leave();
			reject(fault);
		};
		upstream.enter();
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
				onFirstByte: () => timer !== null && clearTimeout(timer),
			},
			(relayed) => end({ ...relayed, upstream: upstream.name }),
			fail,
		);
		timer = setTimeout(() => relay.timeOut(deps.firstByteTimeoutMs), deps.firstByteTimeoutMs);
		const call = upstream.pool.call(upstreamRequest(upstream, admitted), relay);
		relay.attach(call);
		if (judged.body.kind === "blob")
			streamBlob(call, admitted, deps, (refusal) => {
				relay.stop();
				end({ outcome: "refused", refusal, upstream: upstream.name });
			});
	});
}

function streamBlob(call: UpstreamCall, { caller, judged }: Admitted, deps: ForwardDeps, refuse: (refusal: Deny) => void): void {
	const length = judged.body.kind === "blob" ? judged.body.length : null;
	caller.streamBody(new BlobUpload(call, length, refuse), deps.uploadBytes);
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
