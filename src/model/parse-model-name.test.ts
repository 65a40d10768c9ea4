import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { parseModelName, readModelName } from "./parse-model-name.ts";

const refused: readonly (readonly [why: string, text: string])[] = [
	["is empty", ""],
	["has a scheme", "http://evil.example/library/x"],
	["has the scheme of the default registry", "https://registry.ollama.ai/library/door"],
	["begins with a space, which Ollama trims", " door"],
	["ends with a newline", "door\n"],
	["has a zero byte", "door\u0000"],
	["climbs a folder", "../door"],
	["climbs inside a part", "a..b"],
	["climbs in the tag", "door:.."],
	["has user info", "user@host/ns/model"],
	["has a digest", "door@sha256:aa"],
	["has a percent sign", "door%3Alatest"],
	["has a backslash", "ns\\door"],
	["is not ASCII", "dóór"],
	["has the Kelvin sign, which lower-cases to k", "\u212aimi"],
	["has the Kelvin sign in its host", "\u212aimi.example/acme/door"],
	["has an empty tag", "door:"],
	["has an empty model", "ns/"],
	["has an empty namespace", "host//door"],
	["has four parts", "host/a/b/c"],
	["has a dot in the namespace", "hf.co/door"],
	["begins with a dot", ".door"],
	["begins with a dash", "-door"],
	["ends with a dot, which some file systems drop", "door."],
	["has a tag that ends with a dot", "door:latest."],
	["has a host that ends with a dot", "hf.co./acme/door"],
	["has a port that is none", "host:port/acme/door"],
	["has an IPv6 host", "[::1]/acme/door"],
	["is too long in one part", "a".repeat(81)],
	["has a host that is too long", `${"a.".repeat(176)}a/acme/door`],
	["says cloud twice", "door:cloud:cloud"],
	["says cloud twice in the tag", "door:8b-cloud-cloud"],
	["says cloud and local", "door:cloud:local"],
	["says local and cloud", "door:local:cloud"],
];

for (const [why, text] of refused) {
	test(`refuses a name that ${why}: ${JSON.stringify(text).slice(0, 60)}`, () => assert.equal(parseModelName(text), null));
}

const read: readonly (readonly [text: string, full: string, forwarded: string])[] = [
	["door", "registry.ollama.ai/library/door:latest", "door"],
	["DOOR", "registry.ollama.ai/library/door:latest", "door"],
	["door:latest", "registry.ollama.ai/library/door:latest", "door:latest"],
	["Door:Q4_K_M", "registry.ollama.ai/library/door:q4_k_m", "door:q4_k_m"],
	["library/door", "registry.ollama.ai/library/door:latest", "door"],
	["registry.ollama.ai/library/door:LATEST", "registry.ollama.ai/library/door:latest", "door:latest"],
	["Registry.Ollama.AI/Acme/Door", "registry.ollama.ai/acme/door:latest", "acme/door"],
	["acme/llama3.2:3b-instruct_q4", "registry.ollama.ai/acme/llama3.2:3b-instruct_q4", "acme/llama3.2:3b-instruct_q4"],
	["HF.co/Acme/GPT-GGUF:Q4_K_M", "hf.co/acme/gpt-gguf:q4_k_m", "hf.co/Acme/GPT-GGUF:Q4_K_M"],
	["127.0.0.1:9/library/nothing", "127.0.0.1:9/library/nothing:latest", "127.0.0.1:9/library/nothing"],
	["door:local", "registry.ollama.ai/library/door:latest", "door"],
	["door:8b:LOCAL", "registry.ollama.ai/library/door:8b", "door:8b"],
	["gpt-oss:cloud", "registry.ollama.ai/library/gpt-oss:cloud", "gpt-oss:cloud"],
	["gpt-oss:120b-cloud", "registry.ollama.ai/library/gpt-oss:120b-cloud", "gpt-oss:120b-cloud"],
	["gpt-oss:20b:Cloud", "registry.ollama.ai/library/gpt-oss:20b-cloud", "gpt-oss:20b-cloud"],
	["host:5000/acme/door:cloud", "host:5000/acme/door:cloud", "host:5000/acme/door:cloud"],
];

for (const [text, full, forwarded] of read) {
	test(`reads ${text} as ${full} and forwards ${forwarded}`, () => {
		const name = readModelName(text);
		assert.equal(name?.name.full, full);
		assert.equal(name?.forwarded, forwarded);
	});
}

test("a short name keeps the tag and leaves out what is default", () => {
	assert.equal(parseModelName("door")?.short, "door:latest");
	assert.equal(parseModelName("acme/door:8b")?.short, "acme/door:8b");
	assert.equal(parseModelName("hf.co/library/door")?.short, "hf.co/library/door:latest");
});

test("tells cloud models by their tag alone", () => {
	assert.equal(parseModelName("gpt-oss:20b:cloud")?.cloud, true);
	assert.equal(parseModelName("gpt-oss:120b-CLOUD")?.cloud, true);
	assert.equal(parseModelName("my-cloud")?.cloud, false);
	assert.equal(parseModelName("cloud:latest")?.cloud, false);
});

const nameLike = fc.string({ unit: fc.constantFrom(..."aZ09._-:/@% \u212aſ".split("")), maxLength: 24, size: "max" });

test("whatever is accepted, its canonical and its forwarded form are read as the same name", () => {
	fc.assert(
		fc.property(nameLike, (text) => {
			const name = readModelName(text);
			if (name === null) return;
			assert.deepEqual(parseModelName(name.name.full), name.name);
			assert.deepEqual(parseModelName(name.name.short), name.name);
			assert.deepEqual(readModelName(name.forwarded), name);
			assert.match(name.name.full, /^[a-z0-9_][a-z0-9_.:-]*\/[a-z0-9_-]+\/[a-z0-9_.-]+:[a-z0-9_.-]+$/);
		}),
		{ numRuns: 500 },
	);
});

test("never throws, whatever the text", () => {
	fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void parseModelName(text)));
});
