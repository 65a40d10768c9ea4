/** Writes what inference says to the caller: item by item, or all of it as one. */
import type { Exchange } from "./exchange.ts";
import type { Item } from "./item.ts";
import { Departed } from "./runner.ts";
import type { Voice } from "./voice.ts";

/** Failed in the runner, with the status that an answer gets which has not begun. */
export class RunnerFailure extends Error {
	readonly status: number;

	constructor(status: number, message: string) {
		super(message);
		this.status = status;
	}
}

export async function answer(exchange: Exchange, items: AsyncIterable<Item>, voice: Voice, streamed: boolean): Promise<void> {
	await (streamed ? stream(exchange, items, voice) : whole(exchange, items, voice));
}

async function stream({ reply }: Exchange, items: AsyncIterable<Item>, voice: Voice): Promise<void> {
	try {
		for await (const item of items) {
			voice.say(reply, item);
			reply.flush();
			await reply.drained();
		}
	} catch (error) {
		const { status, message } = failureOf(error);
		if (reply.written) {
			voice.breakOff(reply, message);
		} else {
			reply.set("Content-Type", "application/json");
			voice.refuse(reply, status, message);
		}
	}
	// The last flush makes even a refusal chunked, as recorded.
	reply.flush();
}

async function whole({ reply }: Exchange, items: AsyncIterable<Item>, voice: Voice): Promise<void> {
	const said: Item[] = [];
	try {
		for await (const item of items) said.push(item);
	} catch (error) {
		const { status, message } = failureOf(error);
		voice.refuse(reply, status, message);
		return;
	}
	const last = said.at(-1);
	if (last === undefined) return;
	voice.whole(reply, {
		...last,
		content: said.map(({ content }) => content).join(""),
		thinking: said.map(({ thinking }) => thinking).join(""),
		toolCalls: said.flatMap(({ toolCalls }) => toolCalls),
		logprobs: said.flatMap(({ logprobs }) => logprobs),
	});
}

function failureOf(error: unknown): { readonly status: number; readonly message: string } {
	if (error instanceof RunnerFailure) return { status: error.status, message: error.message };
	if (error instanceof Departed) return { status: 500, message: error.message };
	throw error;
}
