/** Text to tokens and back, the way llama.cpp does with this vocabulary: special tokens anywhere, else bytes, two spaces merged. */
import { byteOf, byteToken, SPECIAL, TWO_SPACES, VOCABULARY } from "./vocabulary.ts";

/** GPT-2's pre-tokenizer: merges never cross these pieces, so the space before a word is never merged with those before it. */
const PIECES = / ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;
const SPACE = 0x20;
const SPECIALS = new RegExp(`(${[...SPECIAL.keys()].map((text) => text.replace(/[|]/g, "\\|")).join("|")})`);

export function tokenize(text: string): number[] {
	return text.split(SPECIALS).flatMap((part) => {
		const special = SPECIAL.get(part);
		return special === undefined ? bytesOf(part) : [special];
	});
}

export function detokenize(tokens: readonly number[]): string {
	const bytes = tokens.map((token) => {
		const byte = byteOf(token);
		if (byte !== null) return Buffer.of(byte);
		// Control tokens say nothing when a model says them, but stand in a text that is to become tokens again.
		const { text = "", printed = "" } = VOCABULARY[token] ?? {};
		return Buffer.from(text === "" ? printed : (text ?? ""), "utf8");
	});
	return Buffer.concat(bytes).toString("utf8");
}

function bytesOf(text: string): number[] {
	const tokens: number[] = [];
	for (const [piece] of text.matchAll(PIECES)) {
		const bytes = Buffer.from(piece, "utf8");
		for (let at = 0; at < bytes.length; at += 1) {
			const merges = bytes[at] === SPACE && bytes[at + 1] === SPACE;
			tokens.push(merges ? TWO_SPACES : byteToken(bytes[at] ?? 0));
			if (merges) at += 1;
		}
	}
	return tokens;
}
