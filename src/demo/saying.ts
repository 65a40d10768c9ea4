/**
 * Turns the runner's tokens into pieces of text, the last of which carries the counts.
 *
 *  - A stop sequence ends the text before it; what could still become one is held back.
 *  - Control tokens are counted and say nothing.
 */
import { StringDecoder } from "node:string_decoder";

import type { World } from "./exchange.ts";
import type { Options } from "./options.ts";
import { byteOf, END, VOCABULARY } from "./vocabulary.ts";

export interface Counts {
	readonly promptTokens: number;
	readonly promptNanos: number;
	readonly tokens: number;
	readonly nanos: number;
}

export interface Piece {
	readonly text: string;
	readonly logprobs: readonly unknown[];
	/** Only on the last piece, which has no text. */
	readonly closing: { readonly reason: "stop" | "length"; readonly counts: Counts } | null;
}

export interface Utterance {
	readonly model: string;
	readonly prompt: readonly number[];
	readonly options: Options;
	readonly instead: readonly number[] | null;
	/** How many alternatives to name for each token; null for no log probabilities. */
	readonly topLogprobs: number | null;
}

/** Throws Departed when the signal aborts. */
export async function* say(world: World, utterance: Utterance, departed: AbortSignal): AsyncGenerator<Piece, void, void> {
	const { options, topLogprobs } = utterance;
	const heard = new StopWatchingText(options.stops);
	const reading = world.moments.start();
	let speaking = reading;
	let promptNanos = 1000;
	let tokens = 0;
	let reason: "stop" | "length" = "length";
	const job = { model: utterance.model, prompt: utterance.prompt, limit: options.limit, instead: utterance.instead };
	for await (const token of world.runner.generate(job, departed)) {
		if (tokens === 0) {
			promptNanos = reading();
			speaking = world.moments.start();
		}
		tokens += 1;
		if (token === END) reason = "stop";
		const { text, stopped } = heard.add(token);
		if (text !== "") yield { text, logprobs: logprobsOf(text, topLogprobs), closing: null };
		if (stopped) reason = "stop";
		if (stopped || token === END) break;
	}
	const rest = reason === "stop" && heard.stopped ? "" : heard.rest();
	if (rest !== "") yield { text: rest, logprobs: logprobsOf(rest, topLogprobs), closing: null };
	const counts = { promptTokens: utterance.prompt.length, promptNanos, tokens, nanos: speaking() };
	yield { text: "", logprobs: [], closing: { reason, counts } };
}

class StopWatchingText {
	stopped = false;
	readonly #stops: readonly string[];
	readonly #decoder = new StringDecoder("utf8");
	#held = "";

	constructor(stops: readonly string[]) {
		this.#stops = stops.filter((stop) => stop !== "");
	}

	add(token: number): { text: string; stopped: boolean } {
		const byte = byteOf(token);
		this.#held += byte === null ? (VOCABULARY[token]?.text ?? "") : this.#decoder.write(Buffer.of(byte));
		const found = this.#stops.map((stop) => this.#held.indexOf(stop)).filter((at) => at >= 0);
		if (found.length > 0) {
			this.stopped = true;
			return { text: this.#held.slice(0, Math.min(...found)), stopped: true };
		}
		// A piece is held back whole, also what stands before the possible stop sequence.
		if (this.#stops.some((stop) => endsInStartOf(this.#held, stop))) return { text: "", stopped: false };
		const text = this.#held;
		this.#held = "";
		return { text, stopped: false };
	}

	/** What was held back and turned out to be no stop sequence. */
	rest(): string {
		return this.#held + this.#decoder.end();
	}
}

function endsInStartOf(text: string, stop: string): boolean {
	return Array.from({ length: stop.length - 1 }, (_, i) => stop.slice(0, i + 1)).some((start) => text.endsWith(start));
}

/** The script's token is certain; all others trail by the same distance, as a look-up table has it. */
function logprobsOf(text: string, top: number | null): readonly unknown[] {
	if (top === null) return [];
	const token = { token: text, logprob: 0, bytes: [...Buffer.from(text, "utf8")] };
	const others = Array.from({ length: Math.max(0, top - 1) }, () => ({ token: "", logprob: -19.59375 }));
	return [{ ...token, ...(top > 0 ? { top_logprobs: [token, ...others] } : {}) }];
}
