import assert from "node:assert/strict";
import { test } from "node:test";

import { ModelHistory } from "./model-history.ts";

/** So many prompts, all alike: `guessed` and `written` as they were before the server counted `inputTokens`. */
function learned(
	inputTokens: number,
	{
		guessed,
		written = guessed,
		times = 1,
		history = new ModelHistory(),
	}: { guessed: number; written?: number; times?: number; history?: ModelHistory },
): ModelHistory {
	for (let time = 0; time < times; time += 1)
		history.learn("m", guessed, written, { inputTokens, outputTokens: 10, gpuUs: 1_000, nanos: 0 });
	return history;
}

function answered(outputTokens: number, gpuUs: number, history = new ModelHistory()): ModelHistory {
	history.learn("m", 0, 0, { inputTokens: 0, outputTokens, gpuUs, nanos: 0 });
	return history;
}

test("of a model that was not asked yet much is expected", () => {
	const history = new ModelHistory();
	assert.deepEqual(
		[history.inputTokens("m", 100), history.mostInputTokens("m", 400), history.outputTokens("m"), history.gpuUs("m")],
		[157, 912, 512, 2_000_000],
	);
});

test("the longest answer lately is expected, and fades with each that stays below it", () => {
	const history = answered(1_000, 5_000_000);
	assert.deepEqual([history.outputTokens("m"), history.gpuUs("m")], [1_000, 5_000_000]);
	answered(1, 1, history);
	assert.deepEqual([history.outputTokens("m"), history.gpuUs("m")], [980, 4_900_000]);
	for (let more = 0; more < 1_000; more += 1) answered(7, 70, history);
	assert.deepEqual([history.outputTokens("m"), history.gpuUs("m")], [7, 70]);
});

test("a prompt that nobody counted teaches nothing of prompts", () => {
	const history = new ModelHistory();
	for (let time = 0; time < 1_000; time += 1) history.learn("m", 1_000, 4_000, { inputTokens: 0, outputTokens: 1, gpuUs: 1, nanos: 0 });
	assert.equal(history.inputTokens("m", 100), 157);
});

test("short prompts show what the template adds, which is never less than templates add", () => {
	const history = learned(90, { guessed: 10 });
	assert.equal(history.inputTokens("m", 0), 80);
	learned(12, { guessed: 10, times: 1_000, history });
	assert.equal(history.inputTokens("m", 0), 32);
});

test("long prompts show how dense they are, without what the template adds; never thinner than four characters in one", () => {
	assert.equal(learned(2_032, { guessed: 1_000 }).inputTokens("m", 100), 232);
	assert.equal(learned(40, { guessed: 1_000, times: 1_000 }).inputTokens("m", 100), 25 + 32);
});

test("what is counted beyond what bytes allow is the model's own, and never forgotten", () => {
	const history = learned(3_000, { guessed: 10, written: 40 });
	assert.equal(history.mostInputTokens("m", 100), 3_060);
	learned(20, { guessed: 10, written: 40, times: 1_000, history });
	assert.equal(history.mostInputTokens("m", 100), 3_060);
	assert.equal(learned(20, { guessed: 10, written: 40 }).mostInputTokens("m", 100), 612);
});

test("one odd answer teaches so much at most", () => {
	const short = learned(1e15, { guessed: 10, written: 40 });
	assert.deepEqual([short.inputTokens("m", 0), short.mostInputTokens("m", 0)], [2 ** 17, 2 ** 17]);
	assert.equal(learned(1e15, { guessed: 1_000 }).inputTokens("m", 100), 40 * 100 + 32);
});

test("so many models are known; what is asked of others is expected as of one that was not asked yet", () => {
	const history = new ModelHistory();
	for (let model = 0; model < 2_000; model += 1)
		history.learn(`m${model}`, 0, 0, { inputTokens: 0, outputTokens: 9_000, gpuUs: 0, nanos: 0 });
	assert.deepEqual([history.outputTokens("m1023"), history.outputTokens("m1024")], [9_000, 512]);
	history.learn("m0", 0, 0, { inputTokens: 0, outputTokens: 10_000, gpuUs: 0, nanos: 0 });
	assert.equal(history.outputTokens("m0"), 10_000);
});
