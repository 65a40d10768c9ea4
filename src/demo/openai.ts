/** What the OpenAI routes share: the form of errors, of usage and of tool calls. */
import { type Bound, bind, type Shape } from "./bind.ts";
import { type Exchange, Refusal } from "./exchange.ts";
import { goJson, JsonProblem } from "./go-json.ts";
import { type Item, promptTokensOf, tokensOf } from "./item.ts";
import { unreachableCloud } from "./locate.ts";
import type { Reply } from "./reply.ts";
import { spell } from "./spelling.ts";
import type { ToolCall } from "./tool-calls.ts";

/** Refused before the request became a native one: written without a line end and with a charset, unlike the errors of later stages. */
export class EarlyRefusal extends Error {}

/** The body in its fields. Throws EarlyRefusal, or Refusal for models of ollama.com, whose answer is native. */
export async function readDialect(exchange: Exchange, shape: Shape): Promise<Bound> {
	let sent: Bound;
	try {
		sent = bind(await exchange.body(), shape);
	} catch (error) {
		if (error instanceof JsonProblem) throw new EarlyRefusal(error.message);
		throw error;
	}
	if (spell(sent.string("model"))?.cloud === true) throw unreachableCloud(exchange, "Post", exchange.path);
	return sent;
}

export function openAiError(status: number, message: string): unknown {
	const types: Readonly<Record<number, string>> = { 400: "invalid_request_error", 404: "not_found_error" };
	return { error: { message, type: types[status] ?? "api_error", param: null, code: null } };
}

export function refuseAsOpenAi(reply: Reply, status: number, message: string): void {
	writeLine(reply, status, openAiError(status, message));
}

/** An OpenAI answer ends in a line feed, which native ones do not have. */
export function writeLine(reply: Reply, status: number, value: unknown): void {
	reply.status = status;
	reply.set("Content-Type", "application/json");
	reply.write(`${goJson(value)}\n`);
}

export function writeData(reply: Reply, value: unknown): void {
	reply.set("Content-Type", "text/event-stream");
	reply.write(`data: ${goJson(value)}\n\n`);
}

export function usageOf(item: Item): unknown {
	const [prompt, completion] = [promptTokensOf(item), tokensOf(item)];
	return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

export function openAiCall({ id, index, name, arguments: given }: ToolCall): unknown {
	return { id, index, type: "function", function: { name, arguments: goJson(given) } };
}

export function stopOf(stop: unknown): readonly string[] | undefined {
	if (typeof stop === "string") return [stop];
	return Array.isArray(stop) ? stop.filter((each) => typeof each === "string") : undefined;
}

export function thinkOfEffort(effort: string): boolean | null {
	if (effort === "") return null;
	if (effort === "none") return false;
	if (["minimal", "low", "medium", "high", "xhigh", "ultra", "max"].includes(effort)) return true;
	const known = '"minimal", "low", "medium", "high", "xhigh", "ultra", "max", or "none"';
	throw new EarlyRefusal(`invalid reasoning value: ${JSON.stringify(effort)} (must be ${known})`);
}

/** Runs a handler of the dialect; early refusals get their own form. */
export function inOpenAi(handler: (exchange: Exchange) => Promise<void>): (exchange: Exchange) => Promise<void> {
	return async (exchange) => {
		try {
			await handler(exchange);
		} catch (error) {
			if (error instanceof EarlyRefusal) exchange.reply.json(400, openAiError(400, error.message));
			else if (error instanceof Refusal) exchange.reply.error(error.status, error.message);
			else throw error;
		}
	};
}
