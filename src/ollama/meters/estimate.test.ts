import assert from "node:assert/strict";
import { suite, test } from "node:test";

import fc from "fast-check";

import { judged } from "../../../test/support/understood.ts";
import type { JudgedRequest } from "../judged-request.ts";
import { estimatePromptTokens, weighPrompt } from "./estimate.ts";

function mostOf(asked: JudgedRequest): number {
	return weighPrompt(asked).most;
}

function request(path: string, body: object) {
	return judged({ path, body: JSON.stringify({ model: "door", ...body }) });
}

function chat(content: unknown, more: object = {}) {
	return request("/api/chat", { messages: [{ role: "user", content }], ...more });
}

const CHINESE = "门开着".repeat(200);
const IMAGE = "iVBORw0KGgoAAAANSUhEUgAA".repeat(100);

suite("the guess", () => {
	test("of a text without spaces is one for each character, not that of an image", () => {
		assert.ok(estimatePromptTokens(chat(CHINESE)) > 500);
		assert.ok(estimatePromptTokens(chat("x".repeat(4_000))) >= 1_000);
	});

	test("of an image is a flat number, in each dialect", () => {
		const flat = estimatePromptTokens(request("/api/chat", { messages: [{ role: "user", content: "", images: [IMAGE] }] }));
		assert.ok(flat >= 300 && flat < 310);
		const url = `data:image/png;base64,${IMAGE}`;
		const openai = [{ type: "image_url", image_url: { url } }];
		assert.ok(estimatePromptTokens(request("/v1/chat/completions", { messages: [{ role: "user", content: openai }] })) < 320);
		const anthropic = [{ type: "image", source: { type: "base64", media_type: "image/png", data: IMAGE } }];
		const asked = { max_tokens: 9, messages: [{ role: "user", content: anthropic }] };
		assert.ok(estimatePromptTokens(request("/v1/messages", asked)) < 320);
	});
});

suite("the bound", () => {
	test("is what is written, and a little for what a template writes around it", () => {
		const bound = mostOf(chat("x".repeat(1_000)));
		assert.ok(bound >= 1_016 && bound < 1_100, `${bound}`);
		assert.ok(mostOf(chat(CHINESE)) >= 1_800);
		const many = request("/api/chat", { messages: Array.from({ length: 100 }, () => ({ role: "user", content: "" })) });
		assert.ok(mostOf(many) >= 100 * 16);
		assert.ok(mostOf(request("/api/embed", { input: ["one", "two"] })) >= 6 + 2 * 2);
	});

	test("is no image's where a text can stand, and an image's largest where not", () => {
		const tools = [{ type: "function", function: { name: "f", parameters: { properties: { data: { enum: ["x".repeat(20_000)] } } } } }];
		assert.ok(mostOf(chat("x", { tools })) > 20_000);
		const image = mostOf(request("/api/chat", { messages: [{ role: "user", content: "", images: [IMAGE.repeat(20)] }] }));
		assert.ok(image >= 16_384 && image < 17_000, `${image}`);
	});

	test("of a number is no less than its digits, however many they are", () => {
		const text = JSON.stringify({
			model: "door",
			messages: [],
			tools: [{ type: "function", function: { name: "f", parameters: { n: 0 } } }],
		});
		const few = mostOf(judged({ path: "/api/chat", body: text }));
		const many = mostOf(judged({ path: "/api/chat", body: text.replace('"n":0', `"n":${"7".repeat(300)}`) }));
		assert.ok(many >= few + 300, `${few} and ${many}`);
	});

	test("of tools is what they become when they are written as JSON again", () => {
		const description = "<<<<<&&&&&>>>>>".repeat(10);
		const bound = mostOf(chat("x", { tools: [{ type: "function", function: { name: "f", description } }] }));
		assert.ok(bound >= 150 * "\\u003c".length, `${bound}`);
	});

	test("is the window that the request itself names, and nothing else of the options", () => {
		const long = "x".repeat(100_000);
		assert.equal(mostOf(chat(long, { options: { num_ctx: 4_096 } })), 4_096);
		assert.equal(mostOf(chat(long, { options: { num_ctx: 1 } })), 4);
		assert.ok(mostOf(chat(long, { options: { num_ctx: 0 } })) > 100_000);
		const openai = { messages: [{ role: "user", content: long }], options: { num_ctx: 1 } };
		assert.ok(mostOf(request("/v1/chat/completions", openai)) > 100_000);
	});

	test("is none where the caller brings a template, which can write the prompt as often as it likes", () => {
		assert.equal(mostOf(request("/api/generate", { prompt: "x", template: "{{ .Prompt }}{{ .Prompt }}" })), 2 ** 20);
	});

	test("of what was said before is more than it was, since it is cut into tokens anew", () => {
		assert.ok(mostOf(request("/api/generate", { prompt: "x", context: [1, 2, 3] })) >= 24);
	});

	test("is never below the bytes of what is said", () => {
		const text = fc.string({ unit: "binary", maxLength: 300, size: "max" });
		fc.assert(
			fc.property(fc.array(text, { maxLength: 20, size: "max" }), fc.constantFrom("/api/chat", "/v1/chat/completions"), (texts, path) => {
				const asked = request(path, { messages: texts.map((content) => ({ role: "user", content })) });
				const bytes = texts.reduce((sum, each) => sum + Buffer.byteLength(each), 0);
				assert.ok(mostOf(asked) >= bytes + 16 * texts.length);
				assert.ok(mostOf(asked) >= estimatePromptTokens(asked));
			}),
		);
	});
});
