/** A serial number in one spelling: hexadecimal digits in upper case, without colons and leading zeros. Null for what is none. */
export function plainSerial(text: string): string | null {
	const digits = text.replaceAll(":", "").toUpperCase();
	// RFC 5280 §4.1.2.2: 20 octets at most; a little more is tolerated, because some authorities exceed it.
	return /^[0-9A-F]{1,64}$/.test(digits) ? digits.replace(/^0+(?=.)/, "") : null;
}
