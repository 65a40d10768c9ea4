/**
 * Tokens of a request, guessed: one for each four characters of text, a flat number for each image or recording. Only used where the server
 * reported nothing.
 */
import type { JsonValue, JudgedRequest } from "../judged-request.ts";

const CHARACTERS_PER_TOKEN = 4;
/** Vision models make a few hundred tokens of an image, whatever its bytes. */
const TOKENS_PER_MEDIUM = 300;
/** A string longer than this without a space in its beginning is base64. */
const LOOKED_AT = 256;

export function estimatePromptTokens({ body }: JudgedRequest): number {
	if (body.kind === "multipart")
		return body.fields.reduce(
			(sum, { filename, value }) => sum + (filename === null ? tokensOfLength(value.length) : TOKENS_PER_MEDIUM),
			0,
		);
	if (body.kind !== "json") return 0;
	const { model: _model, options: _options, context, ...prompt } = body.value;
	return Math.ceil(weigh(prompt)) + (Array.isArray(context) ? context.length : 0);
}

export function tokensOfLength(characters: number): number {
	return Math.ceil(characters / CHARACTERS_PER_TOKEN);
}

/** Recursion is as deep as the strict parser allows. */
function weigh(value: JsonValue): number {
	if (typeof value === "string") return isMedium(value) ? TOKENS_PER_MEDIUM : value.length / CHARACTERS_PER_TOKEN;
	if (typeof value !== "object" || value === null) return 0;
	let sum = 0;
	for (const member of Object.values(value)) sum += weigh(member);
	return sum;
}

function isMedium(text: string): boolean {
	return text.length > LOOKED_AT && (text.startsWith("data:") || !/\s/.test(text.slice(0, LOOKED_AT)));
}
