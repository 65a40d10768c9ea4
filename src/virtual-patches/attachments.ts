/**
 * Where a request carries images and sound, in every dialect.
 *
 *  - Structure-aware: tool calls and their arguments are the caller's own words and are not searched.
 *  - Keys are looked up as they are documented: a variant that Go would fold to one of them does not get past the parser.
 *  - What should be an attachment and is none comes back with `problem`: a URL, a number, an array of bytes, a null.
 *
 * Asked of every inference, so a chat without attachments costs a few look-ups a message and allocates nothing.
 */
import type { JsonObject, JsonValue, JudgedRequest } from "../ollama/judged-request.ts";
import { isAbsent, isJsonArray, isJsonObject, jsonBodyOf } from "./json-body.ts";

export interface Attachment {
	readonly kind: "image" | "audio";
	/** Where it was, for the record: `messages[2].images[0]`. */
	readonly field: string;
	/** The base64 text; empty where there is a problem. */
	readonly base64: string;
	readonly problem: string | null;
}

const NONE: readonly Attachment[] = Object.freeze([]);

/** The data URLs that Ollama reads, byte for byte. */
const DATA_URL_PREFIXES = [
	"data:;base64,",
	"data:image/jpeg;base64,",
	"data:image/jpg;base64,",
	"data:image/png;base64,",
	"data:image/webp;base64,",
];

/** In the order of the body. The same frozen empty list where there is none. */
export function attachmentsOf(judged: JudgedRequest): readonly Attachment[] {
	const { dialect, class: class_, id } = judged.operation;
	if (class_ !== "infer" && id !== "create") return NONE;
	const body = jsonBodyOf(judged);
	if (body === null) return NONE;
	const search = new Search();
	if (dialect === "ollama") native(body, search);
	else if (dialect === "openai") openai(body, search);
	else anthropic(body, search);
	return search.found ?? NONE;
}

class Search {
	found: Attachment[] | null = null;

	broken(kind: Attachment["kind"], field: string, problem: string): void {
		this.found ??= [];
		this.found.push({ kind, field, base64: "", problem });
	}

	raw(kind: Attachment["kind"], field: string, value: JsonValue | undefined): void {
		// Go also fills bytes from an array of numbers; only the documented form passes.
		if (typeof value !== "string") return this.broken(kind, field, "is not a text");
		this.found ??= [];
		this.found.push({ kind, field, base64: value, problem: null });
	}

	dataUrl(field: string, url: JsonValue | undefined): void {
		if (typeof url !== "string") return this.broken("image", field, "is not a text");
		const prefix = DATA_URL_PREFIXES.find((candidate) => url.startsWith(candidate));
		if (prefix === undefined) return this.broken("image", field, "is not a data URL of a PNG, JPEG or WebP image");
		this.raw("image", field, url.slice(prefix.length));
	}
}

function native(body: JsonObject, search: Search): void {
	rawImages(body["images"], "images", search);
	const messages = elementsOf(body["messages"]);
	for (let index = 0; index < messages.length; index += 1) {
		const images = memberOf(messages[index], "images");
		if (!isAbsent(images)) rawImages(images, `messages[${index}].images`, search);
	}
}

function rawImages(images: JsonValue | undefined, at: string, search: Search): void {
	if (isAbsent(images)) return;
	if (!isJsonArray(images)) return search.broken("image", at, "is not a list");
	images.forEach((image, index) => search.raw("image", `${at}[${index}]`, image));
}

function openai(body: JsonObject, search: Search): void {
	// The one picture of `v1-images-edits`.
	if (!isAbsent(body["image"])) search.dataUrl("image", body["image"]);
	for (const list of ["messages", "input"]) {
		const items = elementsOf(body[list]);
		for (let index = 0; index < items.length; index += 1) {
			openaiPart(items[index], () => `${list}[${index}]`, search);
			for (const key of ["content", "output"]) {
				elementsOf(memberOf(items[index], key)).forEach((part, at) => openaiPart(part, () => `${list}[${index}].${key}[${at}]`, search));
			}
		}
	}
}

function openaiPart(part: JsonValue | undefined, at: () => string, search: Search): void {
	const image = memberOf(part, "image_url");
	if (!isAbsent(image)) search.dataUrl(`${at()}.image_url`, isJsonObject(image) ? image["url"] : image);
	const audio = memberOf(part, "input_audio");
	if (!isAbsent(audio)) search.raw("audio", `${at()}.input_audio`, memberOf(audio, "data"));
}

function anthropic(body: JsonObject, search: Search): void {
	elementsOf(body["messages"]).forEach((message, index) => {
		elementsOf(memberOf(message, "content")).forEach((block, blockAt) => {
			const at = () => `messages[${index}].content[${blockAt}]`;
			anthropicSource(block, at, search);
			// The result of a tool may hold blocks again, one level deep.
			elementsOf(memberOf(block, "content")).forEach((inner, innerAt) =>
				anthropicSource(inner, () => `${at()}.content[${innerAt}]`, search),
			);
		});
	});
}

function anthropicSource(block: JsonValue, at: () => string, search: Search): void {
	const source = memberOf(block, "source");
	if (isAbsent(source)) return;
	if (memberOf(source, "type") === "base64") search.raw("image", `${at()}.source`, memberOf(source, "data"));
	// Search results name their source as a plain text.
	else if (typeof source !== "string") search.broken("image", `${at()}.source`, "is not of the type base64");
}

const NO_VALUES: readonly JsonValue[] = Object.freeze([]);

/** The elements of a list; none of what is no list, such as a content that is a plain text. */
function elementsOf(list: JsonValue | undefined): readonly JsonValue[] {
	return isJsonArray(list) ? list : NO_VALUES;
}

function memberOf(value: JsonValue | undefined, key: string): JsonValue | undefined {
	return isJsonObject(value) ? value[key] : undefined;
}
