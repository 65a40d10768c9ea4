/**
 * A blob on its way to the upstream: back-pressure both ways, checked as it passes, never in memory as a whole.
 *
 * What the guard has not passed is not sent, and the upload is only ended when the guard has seen the end; an upstream that was told less than the
 * announced length, or no last chunk, keeps nothing (Ollama compares the digest besides).
 */
import type { BodySink } from "../http/caller.ts";
import type { UpstreamCall } from "../http/upstream-pool.ts";
import { type Deny, deny } from "../model/decision.ts";
import type { Reason } from "../model/reason.ts";
import { createGgufGuard, type GgufGuard } from "../virtual-patches/gguf-guard.ts";
import { chunk, LAST_CHUNK } from "../wire/write.ts";

export class BlobUpload implements BodySink {
	readonly #call: UpstreamCall;
	/** Of an announced length what has not come yet; null where none was announced. */
	#missing: number | null;
	readonly #guard: GgufGuard;
	readonly #refuse: (refusal: Deny) => void;
	/** The piece that completes an announced length completes the upload, too, so it waits for the guard's last word. */
	#last: Buffer | null = null;
	#ended = false;

	constructor(call: UpstreamCall, length: number | null, refuse: (refusal: Deny) => void) {
		this.#call = call;
		this.#missing = length;
		this.#guard = createGgufGuard(length);
		this.#refuse = refuse;
	}

	onBytes(bytes: Buffer): boolean {
		if (this.#ended) return true;
		const refusal = this.#guard.push(bytes);
		if (refusal !== null) {
			this.#stop(refusal);
			return true;
		}
		if (this.#missing === null) return this.#call.write(chunk(bytes));
		this.#missing -= bytes.length;
		const copy = Buffer.from(bytes);
		if (this.#missing > 0) return this.#call.write(copy);
		this.#last = copy;
		return true;
	}

	onEnd(): void {
		if (this.#ended) return;
		const refusal = this.#guard.end();
		if (refusal !== null) {
			this.#stop(refusal);
			return;
		}
		this.#ended = true;
		if (this.#missing === null) this.#call.write(LAST_CHUNK);
		else if (this.#last !== null) this.#call.write(this.#last);
	}

	onRefused(reason: Reason, detail: string): void {
		this.#stop(deny(reason, detail));
	}

	#stop(refusal: Deny): void {
		if (this.#ended) return;
		this.#ended = true;
		this.#call.cancel();
		this.#refuse(refusal);
	}
}
