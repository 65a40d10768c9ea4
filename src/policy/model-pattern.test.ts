import assert from "node:assert/strict";
import { test } from "node:test";

import { nameOf } from "../../test/support/judged-requests.ts";
import { isModelPattern, ModelPatterns } from "./model-pattern.ts";

const misses: readonly (readonly [pattern: string, name: string])[] = [
	["llama3.2", "llama3.2:1b"],
	["llama3.2:1b", "llama3.2"],
	["llama3.2:1b", "llama3x2:1b"],
	["llama3.2", "acme/llama3.2"],
	["llama3.2", "hf.co/library/llama3.2"],
	["qwen*", "acme/qwen"],
	["*qwen", "qwen:7b"],
	["acme/*", "acmeX/gpt"],
	["acme/gpt", "gpt"],
	["acme/gpt", "hf.co/acme/gpt"],
	["hf.co/acme/*", "hf.co/acme2/gpt"],
	["", "gpt"],
];

for (const [pattern, name] of misses) {
	test(`an allowing ${pattern || "(empty)"} does not cover ${name}`, () => {
		assert.equal(ModelPatterns.allowing([pattern]).match(nameOf(name)), null);
	});
}

const hits: readonly (readonly [pattern: string, name: string])[] = [
	["*", "hf.co/acme/gpt:q4"],
	["llama3.2", "llama3.2"],
	["llama3.2", "llama3.2:latest"],
	["LLAMA3.2", "llama3.2"],
	["llama3.2", "registry.ollama.ai/library/llama3.2:latest"],
	["registry.ollama.ai/library/llama3.2:latest", "llama3.2"],
	["library/llama3.2", "llama3.2"],
	["library/*", "llama3.2:1b"],
	["qwen*", "qwen3:8b"],
	["qwen*:8b", "qwen3:8b"],
	["*qwen*", "acme/my-qwen:7b"],
	["acme/*", "acme/gpt:q4"],
	["hf.co/acme/*", "hf.co/acme/gpt:q4"],
	["*:latest", "gpt"],
	["a*a", "aa:a"],
	["a*b*c:*", "a-b-b-c:x"],
];

for (const [pattern, name] of hits) {
	test(`${pattern} covers ${name}`, () => {
		assert.equal(ModelPatterns.allowing([pattern]).match(nameOf(name)), pattern);
		assert.equal(ModelPatterns.denying([pattern]).match(nameOf(name)), pattern);
	});
}

test("without a tag an allowing pattern means latest and a denying one every tag", () => {
	assert.equal(ModelPatterns.allowing(["gpt"]).match(nameOf("gpt:q4")), null);
	assert.equal(ModelPatterns.denying(["gpt"]).match(nameOf("gpt:q4")), "gpt");
	assert.equal(ModelPatterns.denying(["acme/gpt"]).match(nameOf("acme/gpt:q4")), "acme/gpt");
	assert.equal(ModelPatterns.denying(["gpt"]).match(nameOf("gpt2:q4")), null);
});

test("an empty list covers nothing", () => {
	assert.equal(ModelPatterns.allowing([]).match(nameOf("gpt")), null);
});

for (const text of ["", " gpt", "gpt ", "http://x/y", "a b", "-gpt", "a\nb", "a?b", "[a-z]", "é", "x".repeat(601)]) {
	test(`${JSON.stringify(text.slice(0, 20))} is no pattern`, () => assert.equal(isModelPattern(text), false));
}

for (const text of ["*", "gpt", "GPT:*", "hf.co/acme/*", "*-cloud", "_x"]) {
	test(`${text} is a pattern`, () => assert.equal(isModelPattern(text), true));
}
