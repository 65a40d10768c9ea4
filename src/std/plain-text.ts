/**
 * Text that shows as what it is, wherever it is shown: letters, marks, digits, punctuation, symbols and plain spaces. Nothing that moves a cursor, ends a
 * line, turns the writing direction or cannot be seen (CVE-2021-42574).
 */
const PLAIN = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]+$/u;
const OTHERS = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;

/** Whether it is such text, not empty, and of at most so many UTF-16 units. */
export function isPlainText(text: string, most: number): boolean {
	return text.length <= most && PLAIN.test(text);
}

/** With a question mark in the place of every other character. */
export function plainText(text: string): string {
	return text.replaceAll(OTHERS, "?");
}
