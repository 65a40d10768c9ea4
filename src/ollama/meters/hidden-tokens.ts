import { isAscii } from "node:buffer";

/**
 * How many tokens a frame may hold beside the one that it shows: a character of several bytes may be as many tokens, and Ollama sends it when it is whole. In
 * UTF-8 all its bytes but the first are 10xxxxxx. Of text that is ASCII, none.
 */
export function hiddenTokensIn(frame: Buffer): number {
	if (isAscii(frame)) return 0;
	let hidden = 0;
	for (const byte of frame) if ((byte & 0xc0) === 0x80) hidden++;
	return hidden;
}
