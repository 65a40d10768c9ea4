/**
 * Where a request carries images and sound, in every dialect.
 *
 *  - Structure-aware: tool calls and their arguments are the caller's own words and are not searched.
 *  - Below the top level Go matches keys without regard to case (Unicode folding: `ſ` is an s, the Kelvin sign a k), so all spellings of a
 *    key are looked at, not only the documented one.
 *  - What should be an attachment and is none comes back with `problem`: a URL, a number, an array of bytes, a null.
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
	const found: Attachment[] = [];
	if (dialect === "ollama") native(body, found);
	else if (dialect === "openai") openai(body, found);
	else anthropic(body, found);
	return found.length === 0 ? NONE : found;
}

function native(body: JsonObject, found: Attachment[]): void {
	rawImages(body["images"], "images", found);
	eachObject(body["messages"], "messages", (message, at) => {
		for (const images of valuesOf(message, "images")) rawImages(images, `${at}.images`, found);
	});
}

function rawImages(images: JsonValue | undefined, at: string, found: Attachment[]): void {
	if (isAbsent(images)) return;
	if (!isJsonArray(images)) return void found.push(broken("image", at, "is not a list"));
	images.forEach((image, index) => found.push(raw("image", `${at}[${index}]`, image)));
}

function openai(body: JsonObject, found: Attachment[]): void {
	// The one picture of `v1-images-edits`.
	if (!isAbsent(body["image"])) found.push(dataUrl("image", body["image"]));
	for (const list of ["messages", "input"]) {
		eachObject(body[list], list, (item, at) => {
			openaiPart(item, at, found);
			for (const key of ["content", "output"]) {
				for (const content of valuesOf(item, key)) {
					eachObject(content, `${at}.${key}`, (part, partAt) => openaiPart(part, partAt, found));
				}
			}
		});
	}
}

function openaiPart(part: JsonObject, at: string, found: Attachment[]): void {
	for (const image of valuesOf(part, "image_url")) {
		if (isAbsent(image)) continue;
		for (const url of isJsonObject(image) ? valuesOf(image, "url") : [image]) found.push(dataUrl(`${at}.image_url`, url));
	}
	for (const audio of valuesOf(part, "input_audio")) {
		if (!isJsonObject(audio)) continue;
		for (const data of valuesOf(audio, "data")) found.push(raw("audio", `${at}.input_audio`, data));
	}
}

function anthropic(body: JsonObject, found: Attachment[]): void {
	eachObject(body["messages"], "messages", (message, at) => {
		for (const content of valuesOf(message, "content")) anthropicBlocks(content, `${at}.content`, found, true);
	});
}

function anthropicBlocks(content: JsonValue, at: string, found: Attachment[], outer: boolean): void {
	eachObject(content, at, (block, blockAt) => {
		for (const source of valuesOf(block, "source")) {
			if (isJsonObject(source)) found.push(anthropicSource(source, `${blockAt}.source`));
		}
		// The result of a tool may hold blocks again, one level deep.
		if (!outer) return;
		for (const inner of valuesOf(block, "content")) anthropicBlocks(inner, `${blockAt}.content`, found, false);
	});
}

function anthropicSource(source: JsonObject, at: string): Attachment {
	const types = valuesOf(source, "type");
	const data = valuesOf(source, "data");
	if (types.length !== 1 || types[0] !== "base64") return broken("image", at, "is not of the type base64");
	if (data.length !== 1) return broken("image", at, "has no data");
	return raw("image", at, data[0] ?? null);
}

function dataUrl(field: string, url: JsonValue | undefined): Attachment {
	if (typeof url !== "string") return broken("image", field, "is not a text");
	const prefix = DATA_URL_PREFIXES.find((candidate) => url.startsWith(candidate));
	if (prefix === undefined) return broken("image", field, "is not a data URL of a PNG, JPEG or WebP image");
	return { kind: "image", field, base64: url.slice(prefix.length), problem: null };
}

function raw(kind: Attachment["kind"], field: string, value: JsonValue): Attachment {
	// Go also fills bytes from an array of numbers; only the documented form passes.
	return typeof value === "string" ? { kind, field, base64: value, problem: null } : broken(kind, field, "is not a text");
}

function broken(kind: Attachment["kind"], field: string, problem: string): Attachment {
	return { kind, field, base64: "", problem };
}

function eachObject(list: JsonValue | undefined, at: string, visit: (item: JsonObject, at: string) => void): void {
	if (!isJsonArray(list)) return;
	for (let index = 0; index < list.length; index += 1) {
		const item = list[index];
		if (isJsonObject(item)) visit(item, `${at}[${index}]`);
	}
}

/** Every value whose key Go would take for `name`. */
function valuesOf(object: JsonObject, name: string): readonly JsonValue[] {
	let values: JsonValue[] | null = null;
	for (const key of Object.keys(object)) {
		if (key !== name && (key.length !== name.length || fold(key) !== name)) continue;
		values ??= [];
		values.push(object[key] ?? null);
	}
	return values ?? [];
}

/** Upper first, because the long s has an upper case (S) and no lower one; then lower, which turns the Kelvin sign into k. */
function fold(key: string): string {
	return key.toUpperCase().toLowerCase();
}
