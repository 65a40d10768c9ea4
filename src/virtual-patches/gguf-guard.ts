/**
 * G6: checks an uploaded blob while it streams through; only a well-formed GGUF file gets to its end.
 *
 *  - Memory is constant: a header field at a time, never the file. The cost behind the header is one addition a chunk.
 *  - The verdict depends on the bytes alone, not on how they were cut into chunks; the first refusal is final.
 *  - Hold back the last chunk until `end()` has answered: Ollama keeps a blob only when its digest fits, so one missing byte is enough for
 *    it to throw the whole away. Where the length is known, a claim beyond it is refused as soon as the header is read.
 *  - Never throws, whatever the bytes.
 */
import { type Deny, deny } from "../model/decision.ts";
import { type Extent, type HeaderReader, MAX_ASK, readGgufHeader } from "./gguf-header.ts";

export const GGUF_GUARD_ID = "VP-G6-gguf-upload";

export interface GgufGuard {
	push(bytes: Buffer): Deny | null;
	/** Call when the last byte was pushed and before it is handed on. */
	end(): Deny | null;
}

/** `declaredLength` in bytes; null where the upload comes in chunks of unknown sum. */
export function createGgufGuard(declaredLength: number | null): GgufGuard {
	return new StreamingGuard(declaredLength);
}

const NOTHING = Buffer.alloc(0);

class StreamingGuard implements GgufGuard {
	readonly #declared: number | null;
	readonly #reader: HeaderReader;
	readonly #held = Buffer.allocUnsafe(MAX_ASK);
	#heldBytes = 0;
	/** Bytes the reader waits for, or, below zero, bytes to pass over. */
	#wanted: number;
	#extent: Extent | null = null;
	#total = 0;
	#refusal: Deny | null = null;

	constructor(declaredLength: number | null) {
		this.#declared = declaredLength;
		this.#reader = readGgufHeader(declaredLength);
		const first = this.#reader.next();
		this.#wanted = first.done === true ? 0 : first.value;
	}

	push(bytes: Buffer): Deny | null {
		if (this.#refusal !== null) return this.#refusal;
		// Bytes beyond the declared length are not read, so that the verdict is the same however they arrive.
		const room = this.#declared === null ? bytes.length : Math.min(bytes.length, this.#declared - this.#total);
		let at = 0;
		while (this.#extent === null && at < room && this.#refusal === null) at = this.#readHeader(bytes, at, room);
		this.#total += room;
		if (this.#refusal !== null) return this.#refusal;
		if (room < bytes.length) return this.#refuse("longer than its declared length");
		if (this.#extent !== null && this.#total > this.#extent.paddedEnd) return this.#refuse("bytes behind the last tensor");
		return null;
	}

	end(): Deny | null {
		if (this.#refusal !== null) return this.#refusal;
		if (this.#extent === null) return this.#refuse("ends within its header");
		if (this.#total < this.#extent.end) return this.#refuse("ends before its tensors do");
		if (this.#declared !== null && this.#total !== this.#declared) return this.#refuse("shorter than its declared length");
		return null;
	}

	/** Feeds the reader from `bytes[at…room)`; returns how far it came. */
	#readHeader(bytes: Buffer, at: number, room: number): number {
		if (this.#wanted < 0) {
			const passed = Math.min(-this.#wanted, room - at);
			this.#wanted += passed;
			if (this.#wanted === 0) this.#resume(NOTHING);
			return at + passed;
		}
		const missing = this.#wanted - this.#heldBytes;
		const taken = Math.min(missing, room - at);
		if (this.#heldBytes === 0 && taken === missing) {
			this.#resume(bytes.subarray(at, at + taken));
			return at + taken;
		}
		bytes.copy(this.#held, this.#heldBytes, at, at + taken);
		this.#heldBytes += taken;
		if (taken === missing) {
			const field = this.#held.subarray(0, this.#heldBytes);
			this.#heldBytes = 0;
			this.#resume(field);
		}
		return at + taken;
	}

	#resume(field: Buffer): void {
		let step = this.#reader.next(field);
		// Nothing to read or to pass over: an empty string, an empty array.
		while (step.done !== true && step.value === 0) step = this.#reader.next(NOTHING);
		if (step.done !== true) {
			this.#wanted = step.value;
		} else if (step.value.refused !== null) {
			this.#refuse(step.value.refused);
		} else {
			this.#extent = step.value.extent;
		}
	}

	#refuse(detail: string): Deny {
		this.#refusal = deny("virtual-patch", `${GGUF_GUARD_ID}: ${detail}`);
		return this.#refusal;
	}
}
