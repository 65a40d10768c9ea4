/** A fixed run of octets in which `d` stands for any digit: the version of a request line, the beginning of a status line. */
import { isDigit } from "./octets.ts";

const ANY_DIGIT = "d".charCodeAt(0);

export class Pattern {
	readonly #octets: Uint8Array;

	constructor(pattern: string) {
		this.#octets = Uint8Array.from(Buffer.from(pattern, "latin1"));
	}

	get length(): number {
		return this.#octets.length;
	}

	/** Whether `octet` may stand at position `at`, which counts from 0. */
	allows(at: number, octet: number): boolean {
		const wanted = this.#octets[at];
		return wanted === ANY_DIGIT ? isDigit(octet) : octet === wanted;
	}
}
