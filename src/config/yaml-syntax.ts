/** What to do about each kind of YAML mistake. The reader's own sentences say what is wrong, but not what to write instead. */
import type { YAMLParseError } from "yaml";

import type { Mistake } from "./values/mistake.ts";

type ErrorCode = YAMLParseError["code"];

const INDENT = "indent with spaces: deeper than the line that a setting belongs to, and the same for all settings of one section";
const QUOTE = 'put text that begins with, or holds, one of : # [ ] { } , & * ! | > % @ ` into double quotes: "…"';
const STRUCTURE = 'write each setting as "key: value" on a line of its own, with a space after the colon';
const PROPERTIES = "leave tags, anchors and aliases out; no setting needs them";

const HINTS: Readonly<Record<ErrorCode, string>> = {
	ALIAS_PROPS: PROPERTIES,
	BAD_ALIAS: QUOTE,
	BAD_COLLECTION_TYPE: PROPERTIES,
	BAD_DIRECTIVE: "leave lines that begin with % out",
	BAD_DQ_ESCAPE: "double the backslash, or use single quotes, within which it means itself",
	BAD_INDENT: INDENT,
	BAD_PROP_ORDER: PROPERTIES,
	BAD_SCALAR_START: QUOTE,
	BLOCK_AS_IMPLICIT_KEY: STRUCTURE,
	BLOCK_IN_FLOW: "close the bracket first, or write one entry a line without brackets",
	DUPLICATE_KEY: "keep one of the two",
	IMPOSSIBLE: STRUCTURE,
	KEY_OVER_1024_CHARS: STRUCTURE,
	MISSING_CHAR: "add it",
	MULTILINE_IMPLICIT_KEY: STRUCTURE,
	MULTIPLE_ANCHORS: PROPERTIES,
	MULTIPLE_DOCS: "keep one document a file",
	MULTIPLE_TAGS: PROPERTIES,
	NON_STRING_KEY: "write the key as plain text, in quotes where needed",
	RESOURCE_EXHAUSTION: "nest less deeply; no setting lies deeper than six levels",
	TAB_AS_INDENT: "indent with spaces instead of tabs",
	TAG_RESOLVE_FAILED: PROPERTIES,
	UNEXPECTED_TOKEN: STRUCTURE,
};

/** Where the reader's sentence speaks of its own inside. */
const OWN_WORDS: Partial<Readonly<Record<ErrorCode, string>>> = {
	NON_STRING_KEY: "a key is not plain text",
	RESOURCE_EXHAUSTION: "nested too deeply",
};

/** `line` is the text of the line that the reader complains about. */
export function syntaxMistake(error: YAMLParseError, line: string): Mistake {
	const sentence = OWN_WORDS[error.code] ?? (error.message.split("\n")[0] ?? "").replace(/:?\s*$/, "");
	const message = `this is not valid YAML: ${sentence.slice(0, 1).toLowerCase()}${sentence.slice(1)}`;
	// The one value of ours that looks right and is not: YAML takes the bracket of an IPv6 address for the beginning of a list.
	const address = /(\[[0-9A-Fa-f:.]*\]:\d+)/.exec(line)?.[1];
	return { message, hint: address === undefined ? HINTS[error.code] : `put the address in quotes: "${address}"` };
}
