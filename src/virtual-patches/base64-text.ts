/**
 * Base64 as Go's standard decoder reads it, with random access: a picture's size is told from a few bytes, without decoding the rest.
 *
 * Accepts the standard alphabet, whole quartets with padding, and line breaks anywhere (Go skips them). Node's own decoder accepts nearly
 * everything, so the text is proven first.
 */
export class Base64Text {
	/** Length of what it decodes to. */
	readonly byteLength: number;
	readonly #text: string;

	private constructor(text: string) {
		this.#text = text;
		this.byteLength = (text.length / 4) * 3 - (text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0);
	}

	static parse(text: string): Base64Text | null {
		const joined = /[\r\n]/.test(text) ? text.replaceAll(/[\r\n]+/g, "") : text;
		// Linear: '=' is not in the class, so no split of the text is tried twice.
		return joined.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(joined) ? new Base64Text(joined) : null;
	}

	/** Up to `length` bytes from `offset`; fewer at the end. */
	bytes(offset: number, length: number): Buffer {
		const first = Math.floor(offset / 3);
		const last = Math.ceil((offset + length) / 3);
		const skipped = offset - first * 3;
		return Buffer.from(this.#text.slice(first * 4, last * 4), "base64").subarray(skipped, skipped + length);
	}
}
