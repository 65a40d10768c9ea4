/**
 * The demonstration models' vocabulary: 256 bytes, and for each script a start token and the tokens that follow it.
 *
 * A model is a table from the last token to the next, so its answers are known: the prompt's last token picks the script, a bare prompt gets the chat script.
 * Real GGUF models with this very vocabulary exist for tests against a real Ollama; ids and counts are theirs.
 */
export const END = 1;

/** As GGUF numbers them. */
const TOKEN_TYPES = { normal: 1, control: 3, userDefined: 4 } as const;

export interface Token {
	/** What the token adds to a text; "" for control tokens, null for a byte, which is only text together with others. */
	readonly text: string | null;
	/** In GPT-2's printable alphabet, as a vocabulary lists it. */
	readonly printed: string;
	readonly type: number;
}

export const CHAT = "<|chat|>";
export const THINK = "<|think|>";
export const TOOL = "<|tool|>";
export const ENDLESS = "<|endless|>";

const SCRIPTS: readonly (readonly [start: string, words: readonly string[]])[] = [
	[CHAT, ["The", " door", " is", " closed,", " and", " it", " knows", " you."]],
	[THINK, ["<think>", "Who", " asks", " now?", "</think>", " A", " friend."]],
	[TOOL, ["<tool_call>", '{"name": "get_weather", ', '"arguments": {"city": ', '"Lyon"}}', "</tool_call>"]],
];
const LOOP = ["tick", " tock", " clack"];

const FIRST_BYTE = 2;
/** The only merge: two spaces. */
export const TWO_SPACES = FIRST_BYTE + 256;

const alphabet = byteAlphabet();
const tokens: Token[] = [
	{ text: "", printed: "<|begin|>", type: TOKEN_TYPES.control },
	{ text: "", printed: "<|end|>", type: TOKEN_TYPES.control },
	...alphabet.map((printed) => ({ text: null, printed, type: TOKEN_TYPES.normal })),
	{ text: "  ", printed: print("  "), type: TOKEN_TYPES.normal },
];
const successors = new Map<number, number>();

for (const [start, words] of SCRIPTS) {
	let previous = add(start, "", TOKEN_TYPES.control);
	for (const word of words) {
		const next = add(print(word), word, word.startsWith("<") ? TOKEN_TYPES.userDefined : TOKEN_TYPES.normal);
		successors.set(previous, next);
		previous = next;
	}
	successors.set(previous, END);
}
const first = add(ENDLESS, "", TOKEN_TYPES.control);
const loop = LOOP.map((word) => add(print(word), word, TOKEN_TYPES.normal));
loop.forEach((token, i) => successors.set(i === 0 ? first : token - 1, token));
successors.set(first + loop.length, first + 1);

export const VOCABULARY: readonly Token[] = tokens;

/** Special tokens by their text, which the tokenizer recognises anywhere in a prompt. */
export const SPECIAL: ReadonlyMap<string, number> = new Map(
	tokens.flatMap(({ printed, type }, id) => (type === TOKEN_TYPES.normal ? [] : [[printed, id] as const])),
);

const chatStart = successors.get(SPECIAL.get(CHAT) ?? END) ?? END;

/** What the model says after a token. */
export function successorOf(token: number): number {
	return successors.get(token) ?? (token === END ? END : chatStart);
}

export function byteToken(byte: number): number {
	return FIRST_BYTE + byte;
}

/** The byte that a token stands for, or null where it is no byte. */
export function byteOf(token: number): number | null {
	return token >= FIRST_BYTE && token < TWO_SPACES ? token - FIRST_BYTE : null;
}

function add(printed: string, text: string, type: number): number {
	return tokens.push({ text, printed, type }) - 1;
}

function print(text: string): string {
	return [...Buffer.from(text, "utf8")].map((byte) => alphabet[byte] ?? "").join("");
}

/** GPT-2's printable stand-ins for the 256 bytes. */
function byteAlphabet(): string[] {
	let next = 256;
	return Array.from({ length: 256 }, (_, byte) => {
		const keeps = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
		return String.fromCharCode(keeps ? byte : next++);
	});
}
