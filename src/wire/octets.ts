/**
 * The character classes of RFC 9110 §5.6 and RFC 9112 §3, as look-up tables over one octet.
 *
 *  - Nothing at or above 0x80 is in any class. RFC 9110 §5.5 keeps obs-text for old senders; what it means (Latin-1? UTF-8?) is where
 *    two parsers come apart, and no client of Ollama needs it.
 *  - `_` is in no field name: behind CGI and WSGI `x_api_key` and `x-api-key` are one variable, so a filter on one misses the other.
 */
export const HTAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;
export const QUESTION_MARK = 0x3f;
export const SLASH = 0x2f;
export const UNDERSCORE = 0x5f;

const PRINTABLE = Array.from({ length: 0x7f - 0x21 }, (_, at) => String.fromCharCode(0x21 + at)).join("");
const NEVER_IN_TARGET = '\\"<>^{|}#`';
const DELIMITERS = '"(),/:;<=>?@[\\]{}';

/** RFC 9110 §5.6.2 without `_`: the lower case of each token character, 0 for every other octet. */
export const TOKEN_LOWER: Uint8Array = new Uint8Array(0x100);
for (const character of without(PRINTABLE, `${DELIMITERS}_`)) {
	TOKEN_LOWER[character.charCodeAt(0)] = character.toLowerCase().charCodeAt(0);
}

/** RFC 9110 §5.5 without obs-text: 1 for VCHAR, SP and HTAB. */
export const FIELD_VALUE: Uint8Array = classOf(`${PRINTABLE} \t`);

/** What the target may be made of: VCHAR without what RFC 3986 leaves out and URL parsers treat each in their own way. */
export const TARGET: Uint8Array = classOf(without(PRINTABLE, NEVER_IN_TARGET));

export function isUpper(octet: number): boolean {
	return octet >= 0x41 && octet <= 0x5a;
}

export function isDigit(octet: number): boolean {
	return octet >= 0x30 && octet <= 0x39;
}

/** The value of a hexadecimal digit, or -1. */
export function hexValue(octet: number): number {
	if (octet >= 0x30 && octet <= 0x39) return octet - 0x30;
	const lower = octet | 0x20;
	return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** What is wrong with an octet that ended a run of allowed ones; for the record, so it says the kind and never the octet's text. */
export function fault(octet: number): string {
	if (octet === LF) return "bare LF";
	if (octet === CR) return "bare CR";
	if (octet === SP || octet === HTAB) return "white space";
	if (octet < SP || octet === 0x7f) return "control character";
	return octet > 0x7f ? "octet outside ASCII" : "character that is not allowed";
}

function classOf(members: string): Uint8Array {
	const table = new Uint8Array(0x100);
	for (const member of members) table[member.charCodeAt(0)] = 1;
	return table;
}

function without(members: string, removed: string): string {
	return Array.from(members)
		.filter((member) => !removed.includes(member))
		.join("");
}
