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

export function estimatePromptTokens({ body }: JudgedRequest): number {
	if (body.kind === "multipart")
		return body.fields.reduce(
			(sum, { filename, value }) => sum + (filename === null ? tokensOfLength(value.length) : TOKENS_PER_MEDIUM),
			0,
		);
	if (body.kind !== "json") return 0;
	const { context } = body.value;
	let sum = 0;
	for (const name of Object.keys(body.value)) if (!BESIDE_PROMPT.has(name)) sum += weigh(body.value[name] ?? null, name);
	return Math.ceil(sum) + (Array.isArray(context) ? context.length : 0);
}

/** More than this the server cannot count, but for what the model's own template and SYSTEM add. */
export function mostPromptTokens({ body, operation }: JudgedRequest): number {
	if (body.kind === "multipart")
		return body.fields.reduce(
			(sum, { filename, value }) => sum + MOST_PER_OBJECT + Math.ceil(value.length / (filename === null ? 1 : RECORDED_BYTES_PER_TOKEN)),
			0,
		);
	if (body.kind !== "json") return 0;
	const { context, template } = body.value;
	const bound = contextBound(body.value, operation.usage === "record");
	// A template that the caller brings can write the prompt as often as it likes.
	if (typeof template === "string" && template !== "") return bound;
	const before = Array.isArray(context) ? context.length * MOST_PER_CONTEXT_TOKEN : 0;
	let sum = before + MOST_PER_OBJECT + ("tools" in body.value ? MOST_FOR_TOOLS : 0);
	for (const name of Object.keys(body.value))
		if (!BESIDE_PROMPT.has(name) && name !== "template") sum += mostOfMember(name, body.value[name] ?? null, false);
	return Math.min(bound, sum);
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

/** Recursion is as deep as the strict parser allows. `key`: under which it stands. */
function weigh(value: JsonValue, key: string): number {
	if (typeof value === "string") return isMedium(value, key) ? TOKENS_PER_MEDIUM : weighText(value);
	if (typeof value !== "object" || value === null) return 0;
	if (isRawNumber(value)) return weighText(value.rawJSON);
	let sum = 0;
	if (isList(value)) for (const each of value) sum += weigh(each, key);
	else for (const name of Object.keys(value)) sum += weigh(value[name] ?? null, name);
	return sum;
}

function weighText(text: string): number {
	return text.length / CHARACTERS_PER_TOKEN + (Buffer.byteLength(text) - text.length) / FURTHER_BYTES_PER_TOKEN;
}

function most(value: JsonValue, key: string, isAgain: boolean): number {
	if (typeof value === "string") return !isAgain && isMedium(value, key) ? MOST_PER_MEDIUM : mostOfText(value, isAgain);
	if (typeof value !== "object" || value === null) return MOST_PER_NUMBER;
	if (isRawNumber(value)) return MOST_PER_NUMBER + value.rawJSON.length;
	let sum = MOST_PER_OBJECT;
	if (isList(value)) for (const each of value) sum += MOST_PER_MEMBER + most(each, key, isAgain);
	else for (const name of Object.keys(value)) sum += mostOfMember(name, value[name] ?? null, isAgain);
	return sum;
}

function mostOfMember(name: string, member: JsonValue, isAgain: boolean): number {
	return MOST_PER_MEMBER + mostOfText(name, isAgain) + most(member, name, isAgain || WRITTEN_AGAIN.has(name));
}

function mostOfText(text: string, isAgain: boolean): number {
	const bytes = Buffer.byteLength(text);
	return isAgain ? bytes + (text.match(ESCAPED)?.length ?? 0) * (LONGEST_ESCAPE - 1) : bytes;
}

function isList(value: JsonArray | JsonObject): value is JsonArray {
	return Array.isArray(value);
}

function isMedium(text: string, key: string): boolean {
	return text.length > LOOKED_AT && MEDIA.has(key) && (text.startsWith("data:") || !/\s/.test(text.slice(0, LOOKED_AT)));
}
