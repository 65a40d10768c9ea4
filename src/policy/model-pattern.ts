/**
 * Patterns over model names: `llama3.2:1b`, `qwen*`, `hf.co/acme/*`, `*`.
 *
 *  - `*` stands for any run of characters, also none, also across `/` and `:`. Nothing else is special.
 *  - A pattern is compared with the canonical name in full and in short, so no spelling of a model slips past and none has to be written twice.
 *  - A pattern without a tag errs towards "no": it allows `:latest` alone, as Ollama would read it, but denies every tag.
 */
import { DEFAULT_HOST, DEFAULT_TAG, type ModelName } from "../model/model-name.ts";
import { glob } from "../std/glob.ts";

const PATTERN = /^[a-z0-9_*][a-z0-9._:/*-]{0,599}$/i;

/** Whether an operator may write this; anything else could never match and is a slip. */
export function isModelPattern(text: string): boolean {
	return PATTERN.test(text) && !text.includes("//") && !text.includes("..");
}

/** A compiled list of patterns. Immutable; a look-up costs one Set access and one run over the patterns that have a star. */
export class ModelPatterns {
	readonly #all: string | null;
	readonly #exact: ReadonlyMap<string, string>;
	readonly #globs: readonly { readonly written: string; readonly matches: (text: string) => boolean }[];

	private constructor(patterns: readonly string[], tagless: string) {
		const exact = new Map<string, string>();
		const globs = new Map<string, string>();
		for (const written of patterns) {
			for (const pattern of expand(written.toLowerCase(), tagless)) (pattern.includes("*") ? globs : exact).set(pattern, written);
		}
		this.#all = globs.has("*") ? "*" : null;
		this.#exact = exact;
		this.#globs = Array.from(globs, ([pattern, written]) => ({ written, matches: glob(pattern) }));
	}

	/** A list that grants: without a tag, `:latest`. */
	static allowing(patterns: readonly string[]): ModelPatterns {
		return new ModelPatterns(patterns, DEFAULT_TAG);
	}

	/** A list that takes away: without a tag, all of them. */
	static denying(patterns: readonly string[]): ModelPatterns {
		return new ModelPatterns(patterns, "*");
	}

	/** The pattern as it was written that covers the name, or null. */
	match(name: ModelName): string | null {
		if (this.#all !== null) return this.#all;
		const exact = this.#exact.get(name.short) ?? this.#exact.get(name.full);
		if (exact !== undefined) return exact;
		for (const { written, matches } of this.#globs) {
			if (matches(name.short) || matches(name.full)) return written;
		}
		return null;
	}
}

/** The pattern and what it means besides: with the tag that it leaves out, and with the host that `namespace/model` leaves out. */
function expand(pattern: string, tagless: string): readonly string[] {
	const hasTag = pattern.lastIndexOf(":") > pattern.lastIndexOf("/");
	const tagged = hasTag ? [pattern] : [pattern, `${pattern}:${tagless}`];
	const hasNamespaceOnly = pattern.split("/").length === 2;
	return hasNamespaceOnly ? [...tagged, ...tagged.map((text) => `${DEFAULT_HOST}/${text}`)] : tagged;
}
