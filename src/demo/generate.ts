/** Completion inference: what `/api/generate` does, and `/v1/completions` once it has become one. */
import { answer, RunnerFailure } from "./answering.ts";
import { formattedAnswerOf, NO_VISION, thinksOf } from "./chat.ts";
import { type Exchange, Refusal } from "./exchange.ts";
import { type Item, itemOf } from "./item.ts";
import { GENERATE_MISSING, locate } from "./locate.ts";
import { keepNanos } from "./memory.ts";
import type { StoredModel } from "./model-store.ts";
import { type Options, optionsOf } from "./options.ts";
import { say } from "./saying.ts";
import { templateOf } from "./template.ts";
import { ThoughtSplitter } from "./thought.ts";
import { detokenize, tokenize } from "./tokenizer.ts";
import type { Voice } from "./voice.ts";

export interface GenerateRequest {
	readonly model: string;
	readonly prompt: string;
	readonly suffix: string;
	readonly system: string;
	readonly template: string;
	/** Tokens of an earlier answer, or null. */
	readonly context: readonly number[] | null;
	readonly raw: boolean;
	readonly stream: boolean;
	readonly media: boolean;
	readonly options: Readonly<Record<string, unknown>>;
	readonly think: boolean | null;
	readonly format: unknown;
	readonly keepAlive: unknown;
	readonly topLogprobs: number | null;
	readonly debug: boolean;
}

export async function generate(exchange: Exchange, request: GenerateRequest, voice: Voice): Promise<void> {
	try {
		await complete(exchange, request, voice);
	} catch (error) {
		if (!(error instanceof Refusal)) throw error;
		voice.refuse(exchange.reply, error.status, error.message);
	}
}

async function complete(exchange: Exchange, request: GenerateRequest, voice: Voice): Promise<void> {
	const { memory, moments, reply, runner } = exchange;
	const elapsed = moments.start();
	const model = locate(exchange, request.model, GENERATE_MISSING);
	const brief = (rest: Partial<Item>) => voice.whole(reply, itemOf(request.model, moments.now(), rest));
	if (request.prompt === "" && keepNanos(request.keepAlive) === 0n) {
		memory.unload(model);
		runner.unload(model.fullName);
		return brief({ done: true, reason: "unload" });
	}
	if (request.raw && (request.template !== "" || request.system !== "" || (request.context ?? []).length > 0)) {
		throw new Refusal(400, "raw mode does not support template, system, or context");
	}
	const thinks = thinksOf(model, request.model, request.think);
	if (!model.capabilities.includes("completion")) throw new Refusal(400, `"${request.model}" does not support generate`);
	if (request.suffix !== "") throw new Refusal(400, `${model.fullName} does not support insert`);
	const options = optionsOf(request.options, model.parameters);
	memory.load(model, request.keepAlive, options.contextLength);
	if (request.prompt === "") return brief({ done: true, reason: "load" });
	const prompt = promptOf(model, request);
	if (request.debug) return brief({ debug: prompt });
	const clock = { elapsed, loadNanos: elapsed() };
	await answer(exchange, items(exchange, { model, request, options, prompt, thinks, clock }), voice, request.stream);
	memory.load(model, request.keepAlive, options.contextLength);
}

interface Completion {
	readonly model: StoredModel;
	readonly request: GenerateRequest;
	readonly options: Options;
	readonly prompt: string;
	readonly thinks: boolean;
	readonly clock: { elapsed(): number; readonly loadNanos: number };
}

async function* items(exchange: Exchange, completion: Completion): AsyncGenerator<Item, void, void> {
	const { model, request, options, prompt, thinks, clock } = completion;
	if (request.media) throw new RunnerFailure(400, NO_VISION);
	const formatted = formattedAnswerOf(request.format);
	const instead = formatted === null ? null : tokenize(formatted);
	const utterance = { model: model.fullName, prompt: tokenize(prompt), options, instead, topLogprobs: request.topLogprobs };
	const thought = thinks && !request.raw ? new ThoughtSplitter() : null;
	let said = "";
	for await (const { text, logprobs, closing } of say(exchange, utterance, exchange.departed)) {
		const make = (rest: Partial<Item>) => itemOf(request.model, exchange.moments.now(), rest);
		if (closing !== null) {
			const context = request.raw ? null : tokenize(prompt + said);
			const { loadNanos } = clock;
			yield make({ done: true, reason: closing.reason, context, counts: closing.counts, totalNanos: clock.elapsed(), loadNanos });
			return;
		}
		said += text;
		// Unlike chat, a tag that is swallowed still makes an empty piece.
		yield make({ ...(thought === null ? { content: text } : thought.add(text)), logprobs });
	}
}

function promptOf(model: StoredModel, request: GenerateRequest): string {
	if (request.raw) return request.prompt;
	const system = request.system === "" ? model.system : request.system;
	const before = request.context === null ? (model.messages ?? []) : [];
	const messages = [
		...(system === undefined ? [] : [{ role: "system", content: system }]),
		...before,
		{ role: "user", content: request.prompt },
	];
	const template = request.template === "" ? model.prompting : templateOf(request.template);
	return detokenize(request.context ?? []) + template.render(messages, null);
}
