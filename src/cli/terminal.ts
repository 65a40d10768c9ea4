/**
 * How Rempart speaks to a terminal. The rules are:
 *
 *  - Results go to standard output and nothing else does, so that a pipe gets what was asked for.
 *  - Progress, warnings and errors go to standard error; progress only where a person is looking.
 *  - An error is an `error:` line, then a `hint:` line that says what to do next: lower case, no full stop, no apology.
 *  - Colour only on a terminal, never with NO_COLOR, never as the only carrier of a meaning.
 *  - With --json, standard output holds one JSON object a line.
 *  - What others wrote (a user agent, a path, a key's name) is shown with its control characters escaped: a log line must not move the cursor.
 */
export interface Output {
	readonly isTTY?: boolean | undefined;
	write(text: string): unknown;
}

export type Style = "bold" | "dim" | "red" | "green" | "yellow";

const CODES: Readonly<Record<Style, readonly [on: number, off: number]>> = {
	bold: [1, 22],
	dim: [2, 22],
	red: [31, 39],
	green: [32, 39],
	yellow: [33, 39],
};

export class Terminal {
	readonly #out: Output;
	readonly #err: Output;
	readonly #colour: boolean;

	constructor(out: Output, err: Output, environment: Readonly<Record<string, string | undefined>>) {
		this.#out = out;
		this.#err = err;
		// https://no-color.org: set and not empty.
		this.#colour = (environment["NO_COLOR"] ?? "") === "" && environment["TERM"] !== "dumb";
	}

	/** A line of the result. */
	line(text = ""): void {
		this.#out.write(`${text}\n`);
	}

	/** A result that has its own line ends. */
	text(text: string): void {
		this.#out.write(text);
	}

	/** A result for programs. */
	object(value: object): void {
		this.#out.write(`${JSON.stringify(value)}\n`);
	}

	/** What is going on; not shown where nobody looks. */
	progress(text: string): void {
		if (this.#err.isTTY === true) this.#err.write(`${text}\n`);
	}

	/** Something that a person should know besides the result. */
	note(text: string): void {
		this.#err.write(`${text}\n`);
	}

	warn(message: string, hint: string | null): void {
		this.#complain("warning:", "yellow", message, hint);
	}

	error(message: string, hint: string | null): void {
		this.#complain("error:", "red", message, hint);
	}

	/** For standard output. */
	paint(style: Style, text: string): string {
		return this.#painted(this.#out, style, text);
	}

	#complain(label: string, style: Style, message: string, hint: string | null): void {
		this.#err.write(`${this.#painted(this.#err, style, label)} ${message}\n`);
		if (hint !== null) this.#err.write(`hint: ${hint}\n`);
	}

	#painted(output: Output, style: Style, text: string): string {
		if (!this.#colour || output.isTTY !== true) return text;
		const [on, off] = CODES[style];
		return `\u001b[${on}m${text}\u001b[${off}m`;
	}
}

/** Others' words, safe to show: control characters, line separators and what turns the writing direction (CVE-2021-42574) as `\u{…}`. */
export function printable(text: string): string {
	return text.replaceAll(
		/[\p{Cc}\p{Zl}\p{Zp}\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu,
		(character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
	);
}

/** Columns as wide as their widest cell, two spaces between; the last one is not padded. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
	const widths: number[] = [];
	for (const row of rows) for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
	return rows.map((row) => row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0))).join("  "));
}
