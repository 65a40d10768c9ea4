/** Finds tool calls in what a model says: everything after `<tool_call>` is kept from the caller, a call to one of the offered tools becomes one. */
import { recordOf, textOf } from "./bind.ts";

export interface ToolCall {
	readonly id: string;
	readonly name: string;
	readonly index: number;
	readonly arguments: unknown;
}

const TAG = "<tool_call>";
const ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";

export class ToolCallReader {
	readonly #names: ReadonlySet<string>;
	readonly #random: (limit: number) => number;
	#buffer = "";
	#tagged = false;
	#found = 0;

	constructor(names: Iterable<string>, random: (limit: number) => number) {
		this.#names = new Set(names);
		this.#random = random;
	}

	add(text: string): { readonly calls: readonly ToolCall[]; readonly content: string } {
		if (!this.#tagged) {
			const at = text.indexOf(TAG);
			if (at < 0) return { calls: [], content: text };
			this.#tagged = true;
			this.#buffer = text.slice(at + TAG.length);
			return { calls: [], content: text.slice(0, at) };
		}
		this.#buffer += text;
		const call = this.#call();
		return { calls: call === null ? [] : [call], content: "" };
	}

	#call(): ToolCall | null {
		const json = this.#buffer.trim();
		if (!json.startsWith("{") || !json.endsWith("}")) return null;
		const parsed = parse(json);
		const name = textOf(recordOf(parsed)["name"]);
		if (!this.#names.has(name)) return null;
		this.#buffer = "";
		const id = `call_${Array.from({ length: 8 }, () => ID_ALPHABET[this.#random(ID_ALPHABET.length)]).join("")}`;
		return { id, name, index: this.#found++, arguments: recordOf(parsed)["arguments"] };
	}
}

function parse(json: string): unknown {
	try {
		return JSON.parse(json);
	} catch {
		// Braces that close early: more of the call is still to come.
		return null;
	}
}
