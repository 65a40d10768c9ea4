/**
 * Tokens of a request's prompt, before or without the server's count: a guess, and a bound that holds.
 *
 *  - The guess: one for each four characters of ASCII, more for other scripts, a flat number for each image or recording.
 *  - The bound: a tokenizer that works on bytes makes no more tokens than there are bytes, so what is written is its own bound. Around each message the
 *    template writes less than what we add for the names and brackets of JSON; tools are written as JSON once more, with `<` as `\u003c`. What the
 *    model's own template and SYSTEM add is not known here (`quota/model-history.ts`). Where `num_ctx` is named, nothing longer is read.
 *  - An image is known by where it stands. A long text without spaces is a text: Chinese has none.
 */
import type { JsonArray, JsonObject, JsonValue, JudgedRequest } from "../judged-request.ts";
import { isRawNumber } from "../raw-number.ts";

const CHARACTERS_PER_TOKEN = 4;
/** Of what UTF-8 has beyond one byte for each character. */
const FURTHER_BYTES_PER_TOKEN = 3;
/** Vision models make a few hundred tokens of an image, whatever its bytes. */
const TOKENS_PER_MEDIUM = 300;
/** The most that one of Ollama's vision models makes of an image (16 million pixels, 1,024 to a token). */
const MOST_PER_MEDIUM = 16_384;
/** The thriftiest speech codecs spend more on what becomes a token. */
const RECORDED_BYTES_PER_TOKEN = 8;
/** Nothing reads more. */
const MOST = 2 ** 20;
const LEAST_CONTEXT = 4;
/** A token that was made before is written as text and cut into tokens anew: hardly more, but not bounded by the digits of its number. */
const MOST_PER_CONTEXT_TOKEN = 8;
const MOST_PER_OBJECT = 8;
const MOST_PER_MEMBER = 4;
const MOST_PER_NUMBER = 24;
/** Text of a template that is there only with tools. */
const MOST_FOR_TOOLS = 512;
/** A string longer than this without a space in its beginning is base64, where an image can stand. */
const LOOKED_AT = 256;
const MEDIA: ReadonlySet<string> = new Set(["images", "image_url", "url", "data", "image"]);
/** Of a body: no part of the prompt as it is written, or counted by another rule. */
const BESIDE_PROMPT: ReadonlySet<string> = new Set(["model", "options", "context"]);
/** What these hold is written as JSON again. */
const WRITTEN_AGAIN: ReadonlySet<string> = new Set(["tools", "tool_calls", "input", "arguments"]);
const ESCAPED = /[<>&"\\\p{Cc}\u2028\u2029]/gu;
const LONGEST_ESCAPE = 6;

export interface PromptWeight {
	/** The guess. */
	guess: number;
	/** More than this the server cannot count, but for what the model's own template and SYSTEM add. */
	most: number;
}

/** One walk over the prompt. */
export function weighPrompt({ body, operation }: JudgedRequest): Readonly<PromptWeight> {
	const weight: PromptWeight = { guess: 0, most: 0 };
	if (body.kind === "multipart") {
		for (const { filename, value } of body.fields) {
			weight.guess += filename === null ? tokensOfLength(value.length) : TOKENS_PER_MEDIUM;
			weight.most += MOST_PER_OBJECT + Math.ceil(value.length / (filename === null ? 1 : RECORDED_BYTES_PER_TOKEN));
		}
		return weight;
	}
	if (body.kind !== "json") return weight;
	const { context, template } = body.value;
	const before = Array.isArray(context) ? context.length : 0;
	weight.most = before * MOST_PER_CONTEXT_TOKEN + MOST_PER_OBJECT + ("tools" in body.value ? MOST_FOR_TOOLS : 0);
	for (const name of Object.keys(body.value)) if (!BESIDE_PROMPT.has(name)) weighMember(weight, name, body.value[name] ?? null, false);
	weight.guess = Math.ceil(weight.guess) + before;
	const bound = contextBound(body.value, operation.usage === "record");
	// A template that the caller brings can write the prompt as often as it likes.
	weight.most = typeof template === "string" && template !== "" ? bound : Math.min(bound, weight.most);
	return weight;
}

/** The guess alone. */
export function estimatePromptTokens(judged: JudgedRequest): number {
	return weighPrompt(judged).guess;
}

export function tokensOfLength(characters: number): number {
	return Math.ceil(characters / CHARACTERS_PER_TOKEN);
}

/** Longer prompts are cut short or refused. */
function contextBound({ options }: JsonObject, isRead: boolean): number {
	if (!isRead || typeof options !== "object" || options === null || !("num_ctx" in options)) return MOST;
	const asked = options["num_ctx"];
	return typeof asked === "number" && asked >= 1 ? Math.min(MOST, Math.max(LEAST_CONTEXT, asked)) : MOST;
}

function weighMember(weight: PromptWeight, name: string, member: JsonValue, isAgain: boolean): void {
	weight.most += MOST_PER_MEMBER + mostOfText(name, Buffer.byteLength(name), isAgain);
	weigh(weight, member, name, isAgain || WRITTEN_AGAIN.has(name));
}

/** Recursion is as deep as the strict parser allows. `key`: under which it stands. */
function weigh(weight: PromptWeight, value: JsonValue, key: string, isAgain: boolean): void {
	if (typeof value === "string") {
		weighText(weight, value, isMedium(value, key), isAgain);
	} else if (typeof value !== "object" || value === null) {
		weight.most += MOST_PER_NUMBER;
	} else if (isRawNumber(value)) {
		weight.guess += guessOfText(value.rawJSON, value.rawJSON.length);
		weight.most += MOST_PER_NUMBER + value.rawJSON.length;
	} else {
		weight.most += MOST_PER_OBJECT;
		if (isList(value)) {
			weight.most += value.length * MOST_PER_MEMBER;
			for (const each of value) weigh(weight, each, key, isAgain);
		} else for (const name of Object.keys(value)) weighMember(weight, name, value[name] ?? null, isAgain);
	}
}

function weighText(weight: PromptWeight, text: string, isMedium: boolean, isAgain: boolean): void {
	if (isMedium && !isAgain) {
		weight.guess += TOKENS_PER_MEDIUM;
		weight.most += MOST_PER_MEDIUM;
		return;
	}
	const bytes = Buffer.byteLength(text);
	weight.guess += isMedium ? TOKENS_PER_MEDIUM : guessOfText(text, bytes);
	weight.most += mostOfText(text, bytes, isAgain);
}

function guessOfText(text: string, bytes: number): number {
	return text.length / CHARACTERS_PER_TOKEN + (bytes - text.length) / FURTHER_BYTES_PER_TOKEN;
}

function mostOfText(text: string, bytes: number, isAgain: boolean): number {
	return isAgain ? bytes + (text.match(ESCAPED)?.length ?? 0) * (LONGEST_ESCAPE - 1) : bytes;
}

function isList(value: JsonArray | JsonObject): value is JsonArray {
	return Array.isArray(value);
}

function isMedium(text: string, key: string): boolean {
	return text.length > LOOKED_AT && MEDIA.has(key) && (text.startsWith("data:") || !/\s/.test(text.slice(0, LOOKED_AT)));
}
