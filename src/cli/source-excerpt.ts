/** The line that a problem is about, with a caret under the place; empty where there is no such line. */
import { printable } from "./terminal.ts";

/** A line that is longer, such as a key pasted into the wrong file, is cut around the place. */
const WIDTH = 100;

/** `line` and `column` from 1, the column in UTF-16 units. */
export function sourceExcerpt(text: string, line: number, column: number): string {
	const source = text.split(/\r?\n/)[line - 1];
	if (line < 1 || source === undefined) return "";
	const from = column > WIDTH ? column - WIDTH / 2 : 0;
	const gutter = ` ${line} | `;
	const shown = source.slice(from, from + WIDTH).replaceAll("\t", " ");
	// Escapes would move what stands before the caret, so it is placed by what is shown, not by the column.
	const before = printable(shown.slice(0, Math.max(column - 1 - from, 0)));
	return `${gutter}${printable(shown)}\n${" ".repeat(gutter.length + before.length)}^`;
}
