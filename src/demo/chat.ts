/** Chat inference: what `/api/chat` does, and every `/v1` dialect once it has become a chat. */
import { answer, RunnerFailure } from "./answering.ts";
import { type Exchange, Refusal } from "./exchange.ts";
import { formattedAnswer } from "./format.ts";
import { goJson } from "./go-json.ts";
import { type Item, itemOf } from "./item.ts";
import { CHAT_MISSING, locate } from "./locate.ts";
import { keepNanos } from "./memory.ts";
import type { StoredModel } from "./model-store.ts";
import { type Options, optionsOf } from "./options.ts";
import { say } from "./saying.ts";
import type { Message } from "./template.ts";
import { ThoughtSplitter } from "./thought.ts";
import { tokenize } from "./tokenizer.ts";
import { ToolCallReader } from "./tool-calls.ts";
import type { Voice } from "./voice.ts";

/** A tool in Ollama's form: the text that a prompt holds, and the name. */
export interface OfferedTool {
	readonly name: string;
	readonly json: unknown;
}

export interface ChatRequest {
	readonly model: string;
	readonly messages: readonly Message[];
	readonly tools: readonly OfferedTool[];
	readonly stream: boolean;
	readonly options: Readonly<Record<string, unknown>>;
	/** Null when it was not said: models that can think then do. */
	readonly think: boolean | null;
	/** Whether asking a model to think that cannot is overlooked, as for Anthropic's clients. */
	readonly thinkRelaxed: boolean;
	readonly format: unknown;
	readonly keepAlive: unknown;
	readonly topLogprobs: number | null;
	readonly debug: boolean;
}

export const NO_VISION =
	'{"error":{"code":400,"message":"Multimodal data provided, but model does not support multimodal requests.","type":"invalid_request_error"}}';

export async function chat(exchange: Exchange, request: ChatRequest, voice: Voice): Promise<void> {
	try {
		await converse(exchange, request, voice);
	} catch (error) {
		if (!(error instanceof Refusal)) throw error;
		voice.refuse(exchange.reply, error.status, error.message);
	}
}

async function converse(exchange: Exchange, request: ChatRequest, voice: Voice): Promise<void> {
	const { memory, moments, reply, runner } = exchange;
	const elapsed = moments.start();
	const model = locate(exchange, request.model, CHAT_MISSING);
	const brief = (rest: Partial<Item>) => voice.whole(reply, itemOf(request.model, moments.now(), rest));
	if (request.messages.length === 0 && keepNanos(request.keepAlive) === 0n) {
		memory.unload(model);
		runner.unload(model.fullName);
		return brief({ done: true, reason: "unload" });
	}
	const thinks = thinksOf(model, request.model, request.think, request.thinkRelaxed);
	if (!model.capabilities.includes("completion")) throw new Refusal(400, `"${request.model}" does not support chat`);
	if (request.tools.length > 0 && !model.capabilities.includes("tools")) throw new Refusal(400, `${model.fullName} does not support tools`);
	const options = optionsOf(request.options, model.parameters);
	memory.load(model, request.keepAlive, options.contextLength);
	if (request.messages.length === 0) return brief({ done: true, reason: "load" });
	const prompt = promptOf(model, request);
	if (request.debug) return brief({ debug: prompt });
	const clock = { elapsed, loadNanos: elapsed() };
	await answer(exchange, items(exchange, { model, request, options, prompt, thinks, clock }), voice, request.stream);
	memory.load(model, request.keepAlive, options.contextLength);
}

/** Throws Refusal. */
export function thinksOf(model: StoredModel, written: string, asked: boolean | null, relaxed = false): boolean {
	if (model.capabilities.includes("thinking")) return asked ?? true;
	if (asked === true && !relaxed) throw new Refusal(400, `"${written}" does not support thinking`);
	return false;
}

interface Conversation {
	readonly model: StoredModel;
	readonly request: ChatRequest;
	readonly options: Options;
	readonly prompt: string;
	readonly thinks: boolean;
	readonly clock: { elapsed(): number; readonly loadNanos: number };
}

async function* items(exchange: Exchange, conversation: Conversation): AsyncGenerator<Item, void, void> {
	const { model, request, options, prompt, thinks, clock } = conversation;
	if (request.messages.some(({ media }) => media === true)) throw new RunnerFailure(400, NO_VISION);
	const formatted = formattedAnswerOf(request.format);
	const instead = formatted === null ? null : tokenize(formatted);
	const utterance = { model: model.fullName, prompt: tokenize(prompt), options, instead, topLogprobs: request.topLogprobs };
	const thought = thinks ? new ThoughtSplitter() : null;
	const tools =
		request.tools.length > 0
			? new ToolCallReader(
					request.tools.map(({ name }) => name),
					exchange.random,
				)
			: null;
	for await (const { text, logprobs, closing } of say(exchange, utterance, exchange.departed)) {
		const make = (rest: Partial<Item>) => itemOf(request.model, exchange.moments.now(), rest);
		if (closing !== null) {
			const { loadNanos } = clock;
			yield make({ done: true, reason: closing.reason, counts: closing.counts, totalNanos: clock.elapsed(), loadNanos });
			return;
		}
		const { thinking, content } = thought === null ? { thinking: "", content: text } : thought.add(text);
		const heard = tools === null ? { calls: [], content } : tools.add(content);
		if (thinking === "" && heard.content === "" && heard.calls.length === 0) continue;
		yield make({ thinking, content: heard.content, toolCalls: heard.calls, logprobs });
	}
}

function promptOf(model: StoredModel, { messages, tools }: ChatRequest): string {
	const own = model.messages ?? [];
	const system = model.system !== undefined && messages[0]?.role !== "system" ? [{ role: "system", content: model.system }] : [];
	return model.prompting.render([...system, ...own, ...messages], tools.length === 0 ? null : goJson(tools.map(({ json }) => json)));
}

/** A format that cannot be kept is found out by the runner, so it fails where the runner would. */
export function formattedAnswerOf(format: unknown): string | null {
	try {
		return formattedAnswer(format);
	} catch (error) {
		if (error instanceof Refusal) throw new RunnerFailure(error.status, error.message);
		throw error;
	}
}
