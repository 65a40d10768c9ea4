/**
 * JSON as Go's encoding/json writes and reads it.
 *
 * Reading: one value and nothing after it is looked at, bytes that are not UTF-8 become U+FFFD, nesting ends at 10,000, and what is wrong is said in Go's
 * words, because clients show them. Objects come back as their entries in order: duplicate and case-variant keys decide later (`bind.ts`).
 */
export type Tree =
	| { readonly kind: "null" }
	| { readonly kind: "bool"; readonly value: boolean }
	| { readonly kind: "number"; readonly raw: string }
	| { readonly kind: "string"; readonly value: string }
	| { readonly kind: "array"; readonly items: Tree[] }
	| { readonly kind: "object"; readonly entries: (readonly [key: string, value: Tree])[] };

/** What Go says of text that is not JSON. `empty` when there was nothing but space. */
export class JsonProblem extends Error {
	readonly empty: boolean;

	constructor(message: string, empty = false) {
		super(message);
		this.empty = empty;
	}
}

const MAX_DEPTH = 10_000;
const SPACE = /[ \t\r\n]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
/** Spelt as what is allowed, because control characters are not. */
const CONTENT = String.raw`(?:[\x20\x21\x23-\x5b\x5d-\u{10ffff}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*`;
const STRING = new RegExp(`"${CONTENT}"`, "uy");
const STRING_START = new RegExp(`"${CONTENT}`, "uy");
const HEX_DIGITS = /[0-9a-fA-F]{0,3}/y;
const LITERALS: Readonly<Record<string, Tree>> = {
	true: { kind: "bool", value: true },
	false: { kind: "bool", value: false },
	null: { kind: "null" },
};

/** Writes a value; members that are undefined are left out, as Go does with `omitempty`. */
export function goJson(value: unknown): string {
	return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The first JSON value of a body. Throws JsonProblem. */
export function readFirstValue(body: Buffer): Tree {
	return new Reader(body.toString("utf8"), body).read();
}

/** Deeper than any field of a request; recursion ends here, and what lies below counts as null. */
const MAX_PLAIN_DEPTH = 500;

/** An ordinary value of a tree: later duplicates win, numbers become doubles. */
export function plain(tree: Tree, depth = 0): unknown {
	if (depth > MAX_PLAIN_DEPTH) return null;
	switch (tree.kind) {
		case "null":
			return null;
		case "bool":
		case "string":
			return tree.value;
		case "number":
			return Number(tree.raw);
		case "array":
			return tree.items.map((item) => plain(item, depth + 1));
		case "object":
			return Object.fromEntries(tree.entries.map(([key, value]) => [key, plain(value, depth + 1)]));
	}
}

type Container = Extract<Tree, { kind: "array" | "object" }>;

/** Iterative, with its own stack: 10,000 levels are allowed and would overflow the runtime's. */
class Reader {
	readonly #text: string;
	readonly #bytes: Buffer;
	#at = 0;

	constructor(text: string, bytes: Buffer) {
		this.#text = text;
		this.#bytes = bytes;
	}

	read(): Tree {
		this.#skipSpace();
		if (this.#at >= this.#text.length) throw new JsonProblem("EOF", true);
		const open: { readonly container: Container; key: string }[] = [];
		for (;;) {
			let value = this.#value();
			if (isContainer(value) && !this.#closes(value)) {
				if (open.length >= MAX_DEPTH) throw new JsonProblem(`invalid character '${value.kind === "array" ? "[" : "{"}' exceeded max depth`);
				open.push({ container: value, key: value.kind === "object" ? this.#key() : "" });
				continue;
			}
			for (;;) {
				const parent = open.at(-1);
				if (parent === undefined) return value;
				if (parent.container.kind === "array") parent.container.items.push(value);
				else parent.container.entries.push([parent.key, value]);
				if (!this.#ends(parent.container)) {
					if (parent.container.kind === "object") parent.key = this.#key();
					break;
				}
				open.pop();
				value = parent.container;
			}
		}
	}

	#value(): Tree {
		this.#skipSpace();
		const char = this.#peek();
		if (char === "{" || char === "[") {
			this.#at += 1;
			return char === "{" ? { kind: "object", entries: [] } : { kind: "array", items: [] };
		}
		if (char === '"') return { kind: "string", value: this.#string() };
		const number = this.#match(NUMBER);
		if (number !== null) return { kind: "number", raw: number };
		if (char === "-") throw this.#unexpected("in numeric literal", 1);
		for (const [word, value] of Object.entries(LITERALS)) {
			if (char === word[0]) return this.#literal(word, value);
		}
		throw this.#unexpected("looking for beginning of value");
	}

	#literal(word: string, value: Tree): Tree {
		for (const expected of word) {
			if (this.#peek() !== expected) throw this.#unexpected(`in literal ${word} (expecting '${expected}')`);
			this.#at += 1;
		}
		return value;
	}

	#string(): string {
		const raw = this.#match(STRING);
		if (raw !== null) return String(JSON.parse(raw));
		this.#match(STRING_START);
		if (this.#peek() !== "\\") throw this.#unexpected("in string literal");
		this.#at += 1;
		if (this.#peek() !== "u") throw this.#unexpected("in string escape code");
		this.#at += 1;
		this.#match(HEX_DIGITS);
		throw this.#unexpected("in \\u hexadecimal character escape");
	}

	#key(): string {
		this.#skipSpace();
		if (this.#peek() !== '"') throw this.#unexpected("looking for beginning of object key string");
		const key = this.#string();
		this.#skipSpace();
		if (this.#peek() !== ":") throw this.#unexpected("after object key");
		this.#at += 1;
		return key;
	}

	/** Whether a container that just opened is empty, and so over. */
	#closes(container: Container): boolean {
		this.#skipSpace();
		if (this.#text[this.#at] !== (container.kind === "array" ? "]" : "}")) return false;
		this.#at += 1;
		return true;
	}

	/** After a member: past the comma (false) or past the end (true). */
	#ends(container: Container): boolean {
		this.#skipSpace();
		const char = this.#peek();
		const end = container.kind === "array" ? "]" : "}";
		if (char !== "," && char !== end)
			throw this.#unexpected(container.kind === "array" ? "after array element" : "after object key:value pair");
		this.#at += 1;
		return char === end;
	}

	#peek(): string {
		const char = this.#text[this.#at];
		if (char === undefined) throw new JsonProblem("unexpected EOF");
		return char;
	}

	#match(pattern: RegExp): string | null {
		pattern.lastIndex = this.#at;
		const found = pattern.exec(this.#text)?.[0];
		if (found === undefined) return null;
		this.#at += found.length;
		return found;
	}

	#skipSpace(): void {
		this.#match(SPACE);
	}

	#unexpected(where: string, ahead = 0): JsonProblem {
		this.#at += ahead;
		this.#peek();
		// Go names the byte, not the character: a byte order mark is 'ï'.
		const byte = this.#bytes[Buffer.byteLength(this.#text.slice(0, this.#at))] ?? 0;
		return new JsonProblem(`invalid character ${quoted(byte)} ${where}`);
	}
}

function isContainer(tree: Tree): tree is Container {
	return tree.kind === "array" || tree.kind === "object";
}

function quoted(byte: number): string {
	if (byte === 0x27) return "'\\''";
	if (byte === 0x22) return "'\"'";
	if (byte === 0x5c) return "'\\\\'";
	const named = { 7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r" }[byte];
	if (named !== undefined) return `'${named}'`;
	if (byte < 0x20 || byte === 0x7f) return `'\\x${byte.toString(16).padStart(2, "0")}'`;
	if (byte >= 0x80 && byte < 0xa1) return `'\\u${byte.toString(16).padStart(4, "0")}'`;
	return `'${String.fromCharCode(byte)}'`;
}
