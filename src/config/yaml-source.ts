/**
 * Reads one YAML document into plain values and remembers where each of them was written.
 *
 *  - Mistakes are returned, never thrown, whatever the text is. Time and memory are linear in the text, whose size is capped.
 *  - A subset of YAML: one document, text keys, no tags and no directives, each of which could change what another reader makes of the same file.
 *  - Aliases are followed with a bound on what they unfold to, since nine lines of them can stand for a billion values ("billion laughs").
 *  - A key that is set twice is a mistake; the first one is kept, so that the rest can be checked.
 */
import { Composer, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, Parser, type YAMLMap } from "yaml";

import { pathText, type SettingPath } from "./problem.ts";
import { described, type Mistake } from "./values/mistake.ts";
import { syntaxMistake } from "./yaml-syntax.ts";

/** UTF-16 units. Thousands of roles fit. */
export const LARGEST_TEXT = 262_144;
const MOST_NODES = 100_000;
const DEEPEST = 32;

export interface SourcePosition {
	readonly line: number;
	readonly column: number;
}

export interface YamlMistake extends Mistake, SourcePosition {
	readonly path: string;
}

export interface YamlSource {
	/** Null, booleans, numbers, strings, arrays, objects; `{}` for an empty file; undefined where the text is not YAML. */
	readonly value: unknown;
	readonly mistakes: readonly YamlMistake[];
	/** Where a value, or its key, was written; of one that was not written, where the nearest section around it was. */
	locate(path: SettingPath, at: "key" | "value"): SourcePosition;
}

export function readYaml(text: string): YamlSource {
	const top = { line: 1, column: 1 };
	if (text.length > LARGEST_TEXT) {
		const hint = `keep it below ${LARGEST_TEXT} characters; is this the right file?`;
		return {
			value: undefined,
			mistakes: [{ ...top, path: "", message: `the file is too large, ${text.length} characters`, hint }],
			locate: () => top,
		};
	}
	return new YamlReader(text.replace(/^\uFEFF/, "")).read();
}

class YamlReader {
	readonly #text: string;
	readonly #lines = new LineCounter();
	readonly #mistakes: YamlMistake[] = [];
	/** Offsets by path. */
	readonly #keys = new Map<string, number>();
	readonly #values = new Map<string, number>();
	readonly #anchors = new Map<string, Node>();
	/** Collections that the walk is inside of, so that an alias to one of them is seen. */
	readonly #open = new Set<Node>();
	#nodes = 0;

	constructor(text: string) {
		this.#text = text;
	}

	read(): YamlSource {
		const locate = (path: SettingPath, at: "key" | "value") => this.#locate(path, at);
		const source = (value: unknown): YamlSource => ({ value, mistakes: this.#mistakes, locate });
		const tokens = [...new Parser(this.#lines.addNewLine).parse(this.#text)];
		for (const token of tokens) {
			if (token.type === "directive")
				this.#note(token.offset, [], { message: "YAML directives are not read here", hint: "leave lines that begin with % out" });
		}
		const [, second] = tokens.filter((token) => token.type === "document");
		if (second !== undefined) {
			this.#note(second.offset, [], {
				message: "a second YAML document begins here",
				hint: 'keep one document a file, without "---" in between',
			});
		}
		if (this.#mistakes.length > 0) return source(undefined);

		const options = {
			version: "1.2",
			schema: "core",
			merge: false,
			uniqueKeys: false,
			stringKeys: true,
			prettyErrors: false,
			logLevel: "silent",
		} as const;
		const [document] = new Composer(options).compose(tokens);
		if (document === undefined) return source({});
		for (const error of document.errors) this.#note(error.pos[0], [], syntaxMistake(error, this.#lineAt(error.pos[0])));
		if (document.errors.length > 0) return source(undefined);
		const { contents } = document;
		if (contents === null || (isScalar(contents) && contents.source === "")) return source({});
		return source(this.#valueOf(contents, []));
	}

	/** Undefined for what cannot be read; a mistake is noted then. */
	#valueOf(node: unknown, path: SettingPath): unknown {
		if (!isScalar(node) && !isMap(node) && !isSeq(node) && !isAlias(node)) return null;
		const offset = node.range?.[0] ?? 0;
		const key = JSON.stringify(path);
		// An empty value has no place of its own; a complaint about it points at its key.
		const written = !isScalar(node) || node.source !== "" || node.type !== "PLAIN";
		if (written && !this.#values.has(key)) this.#values.set(key, offset);
		this.#nodes += 1;
		if (this.#nodes > MOST_NODES || path.length > DEEPEST) {
			if (this.#nodes <= MOST_NODES + 1) {
				this.#note(offset, path, { message: "this unfolds to too much", hint: "write less, nest less, and use fewer aliases" });
				this.#nodes = MOST_NODES + 1;
			}
			return undefined;
		}
		if (isAlias(node)) return this.#aliased(node.source, offset, path);
		if (node.tag !== undefined) {
			this.#note(offset, path, {
				message: `YAML tags such as ${described(node.tag)} are not read here`,
				hint: "leave the word that begins with ! out",
			});
			return undefined;
		}
		if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
		if (isScalar(node)) return node.value;
		this.#open.add(node);
		const value = isMap(node) ? this.#mapping(node, path) : node.items.map((item, index) => this.#valueOf(item, [...path, index]));
		this.#open.delete(node);
		return value;
	}

	#mapping(node: YAMLMap, path: SettingPath): Record<string, unknown> {
		const mapping: Record<string, unknown> = {};
		for (const { key, value } of node.items) {
			// With `stringKeys` every other key is an error of the reader.
			if (!isScalar(key) || typeof key.value !== "string") continue;
			const offset = key.range?.[0] ?? 0;
			const inner = [...path, key.value];
			const first = this.#keys.get(JSON.stringify(inner));
			if (key.value === "__proto__") {
				this.#note(offset, inner, { message: "is not a setting", hint: "leave it out" });
			} else if (Object.hasOwn(mapping, key.value)) {
				const line = this.#position(first ?? 0).line;
				this.#note(offset, inner, { message: `is set twice, first on line ${line}`, hint: "keep one of the two" });
			} else {
				if (first === undefined) this.#keys.set(JSON.stringify(inner), offset);
				const written = this.#valueOf(value, inner);
				// What could not be read has its mistake already; it must not be called missing as well.
				if (written !== undefined) mapping[key.value] = written;
			}
		}
		return mapping;
	}

	#aliased(name: string, offset: number, path: SettingPath): unknown {
		const target = this.#anchors.get(name);
		if (target === undefined) {
			this.#note(offset, path, {
				message: `the alias *${name} stands for nothing`,
				hint: `put text that begins with * into quotes, or define &${name} above`,
			});
			return undefined;
		}
		if (this.#open.has(target)) {
			this.#note(offset, path, { message: `the alias *${name} contains itself`, hint: "write the value out" });
			return undefined;
		}
		return this.#valueOf(target, path);
	}

	#note(offset: number, path: SettingPath, mistake: Mistake): void {
		this.#mistakes.push({ ...this.#position(offset), path: pathText(path), ...mistake });
	}

	#position(offset: number): SourcePosition {
		const { line, col } = this.#lines.linePos(Math.min(offset, this.#text.length));
		return { line: Math.max(line, 1), column: Math.max(col, 1) };
	}

	#locate(path: SettingPath, at: "key" | "value"): SourcePosition {
		const key = JSON.stringify(path);
		const places = at === "key" ? [this.#keys, this.#values] : [this.#values, this.#keys];
		for (const offsets of places) {
			const offset = offsets.get(key);
			if (offset !== undefined) return this.#position(offset);
		}
		return path.length === 0 ? { line: 1, column: 1 } : this.#locate(path.slice(0, -1), "key");
	}

	#lineAt(offset: number): string {
		const start = this.#text.lastIndexOf("\n", offset - 1) + 1;
		const end = this.#text.indexOf("\n", offset);
		return this.#text.slice(start, end === -1 ? undefined : end);
	}
}
