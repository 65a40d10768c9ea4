/** The base 64 of crypt(3): its own alphabet, least significant six bits first, no padding. */
const DIGITS = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** `places`: three indices of `bytes` a group, most significant first; the last group of a digest may name fewer, and gives fewer digits. */
export function cryptDigits(bytes: Uint8Array, places: readonly (readonly number[])[]): string {
	let text = "";
	for (const group of places) {
		let value = group.reduce((sum, place) => (sum << 8) | (bytes[place] ?? 0), 0);
		for (let left = group.length + 1; left > 0; left -= 1) {
			text += DIGITS.charAt(value & 63);
			value >>>= 6;
		}
	}
	return text;
}
