import assert from "node:assert/strict";
import { test } from "node:test";

import { bareRequest, jsonRequest } from "../../test/support/judged-requests.ts";
import type { JsonObject } from "../ollama/judged-request.ts";
import { attachmentsOf } from "./attachments.ts";

const url = (data: string) => `data:image/png;base64,${data}`;

/** What a body carries, as `kind field base64` or `kind field !problem`. */
const cases: readonly (readonly [what: string, operation: string, body: JsonObject, found: readonly string[]])[] = [
	["a plain chat", "chat", { model: "m", messages: [{ role: "user", content: "hi" }] }, []],
	["a broken chat", "chat", { model: "m", messages: "no list" }, []],
	["generate", "generate", { model: "m", images: ["AAAA", "BBBB"] }, ["image images[0] AAAA", "image images[1] BBBB"]],
	["generate with null", "generate", { model: "m", images: null }, []],
	["generate with a text for a list", "generate", { model: "m", images: "AAAA" }, ["image images !is not a list"]],
	["generate with an array of bytes", "generate", { model: "m", images: [[137, 80]] }, ["image images[0] !is not a text"]],
	["generate with a null in the list", "generate", { model: "m", images: [null] }, ["image images[0] !is not a text"]],
	["chat", "chat", { model: "m", messages: [{}, { images: ["AAAA"] }] }, ["image messages[1].images[0] AAAA"]],
	["create", "create", { model: "m", messages: [{ images: ["AAAA"] }] }, ["image messages[0].images[0] AAAA"]],
	[
		"a tool's arguments, which are nobody's image",
		"chat",
		{ model: "m", messages: [{ tool_calls: [{ function: { name: "f", arguments: { images: ["x"], image_url: "y" } } }] }] },
		[],
	],
	[
		"OpenAI chat",
		"v1-chat-completions",
		{
			model: "m",
			messages: [
				{ content: "text" },
				{
					content: [
						{ type: "text", text: "t" },
						{ type: "image_url", image_url: { url: url("AAAA") } },
						{ type: "image_url", image_url: url("BBBB") },
						{ type: "image_url", image_url: { url: "data:;base64,CCCC" } },
						{ type: "input_audio", input_audio: { data: "DDDD", format: "wav" } },
					],
				},
			],
		},
		[
			"image messages[1].content[1].image_url AAAA",
			"image messages[1].content[2].image_url BBBB",
			"image messages[1].content[3].image_url CCCC",
			"audio messages[1].content[4].input_audio DDDD",
		],
	],
	...[
		"https://example.org/a.png",
		"file:///etc/passwd",
		"data:image/svg+xml;base64,AAAA",
		"DATA:image/png;base64,AAAA",
		"data:image/png,AAAA",
	].map((address): readonly [string, string, JsonObject, readonly string[]] => [
		`OpenAI chat with ${address}`,
		"v1-chat-completions",
		{ messages: [{ content: [{ type: "image_url", image_url: { url: address } }] }] },
		["image messages[0].content[0].image_url !is not a data URL of a PNG, JPEG or WebP image"],
	]),
	[
		"OpenAI chat with a number for a URL",
		"v1-chat-completions",
		{ messages: [{ content: [{ image_url: { url: 1 } }] }] },
		["image messages[0].content[0].image_url !is not a text"],
	],
	[
		"OpenAI responses",
		"v1-responses",
		{
			input: [
				{ role: "user", content: [{ type: "input_image", image_url: url("AAAA") }] },
				{ type: "input_image", image_url: url("BBBB") },
			],
		},
		["image input[0].content[0].image_url AAAA", "image input[1].image_url BBBB"],
	],
	[
		"OpenAI responses with a tool's output",
		"v1-responses",
		{ input: [{ type: "function_call_output", output: [{ type: "input_image", image_url: url("AAAA") }] }] },
		["image input[0].output[0].image_url AAAA"],
	],
	["OpenAI responses with a text", "v1-responses", { input: "hi" }, []],
	["OpenAI image editing", "v1-images-edits", { image: url("AAAA") }, ["image image AAAA"]],
	[
		"Anthropic",
		"v1-messages",
		{
			messages: [{ content: "text" }, { content: [{ type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } }] }],
		},
		["image messages[1].content[0].source AAAA"],
	],
	[
		"Anthropic with a URL",
		"v1-messages",
		{ messages: [{ content: [{ type: "image", source: { type: "url", url: "https://example.org" } }] }] },
		["image messages[0].content[0].source !is not of the type base64"],
	],
	[
		"Anthropic without data",
		"v1-messages",
		{ messages: [{ content: [{ type: "image", source: { type: "base64" } }] }] },
		["image messages[0].content[0].source !is not a text"],
	],
	[
		"Anthropic with the result of a tool",
		"v1-messages",
		{ messages: [{ content: [{ type: "tool_result", content: [{ type: "image", source: { type: "base64", data: "AAAA" } }] }] }] },
		["image messages[0].content[0].content[0].source AAAA"],
	],
	[
		"Anthropic with a tool's input, which is nobody's image",
		"v1-messages",
		{ messages: [{ content: [{ type: "tool_use", input: { source: { type: "url" } } }] }] },
		[],
	],
	["embeddings, which carry none", "v1-embeddings", { model: "m", input: ["a", "b"] }, []],
	["a pull", "pull", { model: "m", images: ["AAAA"] }, []],
];

for (const [what, operation, body, found] of cases) {
	test(`finds what ${what} carries`, () => {
		const shown = attachmentsOf(jsonRequest(operation, body)).map(
			({ kind, field, base64, problem }) => `${kind} ${field} ${problem === null ? base64 : `!${problem}`}`,
		);
		assert.deepEqual(shown, found);
	});
}

test("a request without a body carries none", () => {
	assert.deepEqual(attachmentsOf(bareRequest("tags")), []);
});
