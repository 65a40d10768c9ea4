/** The small parts of the demonstration server: names, times, keep-alive, options, thoughts, tool calls. */
import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { shortestSingle } from "./embedding.ts";
import { Refusal } from "./exchange.ts";
import { formattedAnswer } from "./format.ts";
import { keepNanos, Memory } from "./memory.ts";
import { DEMONSTRATION_MODELS, ModelStore, type StoredModel } from "./model-store.ts";
import { Moments, rfc3339 } from "./moments.ts";
import { optionsOf } from "./options.ts";
import { full, shortest, spell } from "./spelling.ts";
import { ThoughtSplitter } from "./thought.ts";
import { ToolCallReader } from "./tool-calls.ts";

for (const name of ["", "a b", "../door", "door\u0000", "a/b/c/d/e f", "-door", "door:", "door:a/b", ":latest"]) {
	test(`does not read ${JSON.stringify(name)} as a model's name`, () => {
		assert.equal(spell(name), null);
	});
}

for (const name of [
	"door",
	" door",
	"door:latest",
	"library/door",
	"registry.ollama.ai/library/door",
	"https://registry.ollama.ai/library/door",
	"door:local",
]) {
	test(`reads ${JSON.stringify(name)} as the door`, () => {
		const spelling = spell(name);
		assert.ok(spelling !== null);
		assert.equal(full(spelling), "registry.ollama.ai/library/door:latest");
		assert.equal(shortest(spelling), "door:latest");
	});
}

test("never throws on a name, and reads what it wrote", () => {
	fc.assert(
		fc.property(fc.string(), (name) => {
			const spelling = spell(name);
			if (spelling !== null) assert.deepEqual(spell(full(spelling)), spelling);
		}),
	);
});

test("keeps models by seconds, by Go's durations or for ever", () => {
	const second = 1_000_000_000n;
	const kept = [null, 0, "0", 1.5, "1.5h", "2h45m", "100ms"].map(keepNanos);
	assert.deepEqual(kept, [300n * second, 0n, 0n, 1_500_000_000n, 5400n * second, 9900n * second, 100_000_000n]);
	assert.ok([-1, "-1s"].every((keep) => keepNanos(keep) === (1n << 63n) - 1n));
	assert.deepEqual(["soon", "5", true, {}, "1h!"].map(keepNanos), [null, null, null, null, null]);
});

test("forgets a loaded model when its time has come, by the clock that it was given", () => {
	let now = 1_000_000;
	const moments = new Moments(
		() => now,
		() => 0,
	);
	const memory = new Memory(moments);
	const [door, embed] = loadable(moments);
	memory.load(door, 10, 4096);
	memory.load(embed, 60, 4096);
	const names = () => memory.list().map(({ model }) => model.shortName);
	assert.deepEqual(names(), ["door-embed:latest", "door:latest"]);
	now += 10_001;
	assert.deepEqual(names(), ["door-embed:latest"]);
	memory.unload(embed);
	assert.deepEqual(names(), []);
});

test("lists the runner of several models with the same weights once, under the name that loaded it", () => {
	const moments = new Moments(
		() => 1_000_000,
		() => 0,
	);
	const memory = new Memory(moments);
	const [door, , think] = loadable(moments);
	const names = () => memory.list().map(({ model, contextLength }) => `${model.shortName} ${contextLength}`);
	memory.load(door, 60, 4096);
	memory.load(think, 60, 4096);
	assert.deepEqual(names(), ["door:latest 4096"]);
	memory.load(think, 60, 2048);
	assert.deepEqual(names(), ["door-think:latest 2048"]);
	memory.unload(door);
	assert.deepEqual(names(), []);
});

function loadable(moments: Moments): readonly [door: StoredModel, embed: StoredModel, think: StoredModel] {
	const models = new Map(new ModelStore(moments, DEMONSTRATION_MODELS).list().map((model) => [model.name, model]));
	const [door, embed, think] = [models.get("door"), models.get("door-embed"), models.get("door-think")];
	assert.ok(door !== undefined && embed !== undefined && think !== undefined);
	return [door, embed, think];
}

test("moments never go backwards, even when the clock does", () => {
	fc.assert(
		fc.property(fc.array(fc.integer({ min: 0, max: 4e12 }), { minLength: 2 }), (times) => {
			let i = 0;
			const moments = new Moments(
				() => times[i++] ?? 0,
				() => 0.5,
			);
			const handed = times.map(() => moments.now());
			assert.ok(handed.every((moment, at) => at === 0 || moment > (handed[at - 1] ?? 0n)));
		}),
	);
});

test("writes times with nanoseconds and without trailing zeros", () => {
	assert.equal(rfc3339(1_795_406_035_483_457_220n), "2026-11-23T03:53:55.48345722Z");
	assert.equal(rfc3339(1_795_406_035_000_000_000n), "2026-11-23T03:53:55Z");
});

for (const [options, message] of [
	[{ temperature: "hot" }, 'option "temperature" must be of type float32'],
	[{ num_predict: "6" }, 'option "num_predict" must be of type integer'],
	[{ stop: "x" }, 'option "stop" must be of type array'],
	[{ stop: [1] }, 'option "stop" must be of an array of strings'],
] as const) {
	test(`refuses the options ${JSON.stringify(options)}`, () => {
		assert.throws(() => optionsOf(options), new Refusal(500, message));
	});
}

test("says at most ten contexts, and less when asked", () => {
	const limits = [{}, { num_predict: 6 }, { num_predict: -7, num_ctx: 512 }, { num_predict: 1e20, num_ctx: 512 }, { num_ctx: 1e9 }].map(
		(options) => optionsOf(options).limit,
	);
	assert.deepEqual(limits, [40_960, 6, 5120, 5120, 40_960]);
	assert.equal(optionsOf({}, { num_predict: 3 }).limit, 3);
});

test("splits thought from answer, and leaves an answer without thought alone", () => {
	const say = (pieces: readonly string[]) => {
		const splitter = new ThoughtSplitter();
		const heard = pieces.map((piece) => splitter.add(piece));
		return [heard.map(({ thinking }) => thinking).join(""), heard.map(({ content }) => content).join("")];
	};
	assert.deepEqual(say(["<think>", " Who", " asks", "</think>", " A", " friend."]), ["Who asks", "A friend."]);
	assert.deepEqual(say([" No", " thought"]), ["", " No thought"]);
});

test("finds a call to an offered tool and says nothing of any other", () => {
	const pieces = ["Well ", "<tool_call>", '{"name": "get_weather", ', '"arguments": {"city": ', '"Lyon"}}', "</tool_call>"];
	const read = (names: readonly string[]) => {
		const reader = new ToolCallReader(names, () => 0);
		return pieces.map((piece) => reader.add(piece));
	};
	const heard = read(["get_weather"]);
	assert.deepEqual(
		heard.flatMap(({ calls }) => calls),
		[{ id: "call_aaaaaaaa", name: "get_weather", index: 0, arguments: { city: "Lyon" } }],
	);
	assert.equal(heard.map(({ content }) => content).join(""), "Well ");
	assert.deepEqual(
		read(["other"]).flatMap(({ calls }) => calls),
		[],
	);
});

test("a formatted answer keeps to its schema", () => {
	const schema = {
		type: "object",
		properties: {
			a: { type: "boolean" },
			b: { enum: ["x", "y"] },
			c: { type: "array", items: { type: "string" } },
			d: { type: "object", properties: { e: { type: "integer" } } },
		},
	};
	assert.deepEqual(JSON.parse(formattedAnswer(schema) ?? ""), { a: false, b: "x", c: [], d: { e: 0 } });
	assert.equal(formattedAnswer(null), null);
	assert.throws(() => formattedAnswer("xml"), Refusal);
});

test("writes single-precision numbers as short as they can be read back", () => {
	assert.equal(shortestSingle(Math.fround(1 / Math.sqrt(3))), 0.57735026);
	fc.assert(
		fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => assert.ok(Math.fround(shortestSingle(value)) === value)),
	);
});
