import assert from "node:assert/strict";
import { test } from "node:test";
import { RunnerWatch, type RunnerWatchSpec, type WatchedRequest } from "./runner-watch.ts";

const SPEC: RunnerWatchSpec = { detect: true, heal: true, factor: 10, floorMs: 1_000, capMs: 60_000, healCooldownMs: 0 };
const STREAM: WatchedRequest = { model: "m", streaming: true, bytes: 100, tokenBound: null, relay: { fail: () => undefined } };
const WHOLE: WatchedRequest = { ...STREAM, streaming: false };
const PACED = { promptTokens: 1, outputTokens: 10, totalNs: 1, loadNs: 0, promptNs: 0, evalNs: 100e6, estimated: false };

/** A watch whose clock the test owns, and which has seen `firstByteMs` once. */
function watchAt(spec: Partial<RunnerWatchSpec> = {}) {
	const time = { now: 0 };
	const watch = new RunnerWatch({ ...SPEC, ...spec }, () => time.now);
	const learn = (firstByteMs: number, request = STREAM, usage: typeof PACED | null = null): void => {
		const seen = watch.watch(request);
		seen.answered(firstByteMs);
		seen.ended(usage);
	};
	return { time, watch, learn };
}

test("suspects a model whose caller waits longer than the learned bound while nobody progresses", () => {
	const { time, watch, learn } = watchAt();
	learn(200);
	const waiting = watch.watch(STREAM);
	time.now = 1_999;
	assert.deepEqual(watch.suspects(), []);
	time.now = 2_000;
	const [suspect] = watch.suspects();
	assert.deepEqual(suspect, { model: "m", waitedMs: 2_000, boundMs: 2_000, waiting: [STREAM] });
	waiting.ended(null);
	assert.deepEqual(watch.suspects(), []);
});

test("the floor holds however quick the model is", () => {
	const { time, watch, learn } = watchAt();
	learn(1);
	watch.watch(STREAM);
	time.now = 999;
	assert.equal(watch.suspects().length, 0);
	time.now = 1_000;
	assert.equal(watch.suspects().length, 1);
});

test("somebody else's progress on the model clears it, on another model it does not", () => {
	const { time, watch, learn } = watchAt();
	learn(100);
	learn(100, { ...STREAM, model: "other" });
	const running = watch.watch(STREAM);
	const elsewhere = watch.watch({ ...STREAM, model: "other" });
	running.answered(100);
	elsewhere.answered(100);
	watch.watch(STREAM);
	time.now = 5_000;
	running.progressed();
	assert.equal(watch.suspects().length, 0);
	time.now = 6_000;
	elsewhere.progressed();
	assert.equal(watch.suspects().length, 1);
});

test("an unknown model and a much larger request are judged by the cap", () => {
	const { time, watch, learn } = watchAt();
	watch.watch(STREAM);
	time.now = 59_999;
	assert.equal(watch.suspects().length, 0);
	time.now = 60_000;
	assert.equal(watch.suspects().length, 1);

	const other = watchAt();
	other.learn(100);
	other.watch.watch({ ...STREAM, bytes: 401 });
	other.time.now = 59_999;
	assert.equal(other.watch.suspects().length, 0);
	other.time.now = 60_000;
	assert.equal(other.watch.suspects().length, 1);
	learn(1);
});

test("a whole answer is given the time that its tokens take at the model's pace", () => {
	const { time, watch, learn } = watchAt();
	learn(100, STREAM, PACED);
	watch.watch({ ...WHOLE, tokenBound: 100 });
	time.now = 2_999;
	assert.equal(watch.suspects().length, 0);
	time.now = 3_000;
	assert.equal(watch.suspects().length, 1);
});

test("whole answers alone teach a bound too, from their closing records", () => {
	const { time, watch, learn } = watchAt();
	learn(5_000, WHOLE, { ...PACED, loadNs: 150e6, promptNs: 50e6 });
	watch.watch(STREAM);
	time.now = 2_000;
	assert.equal(watch.suspects()[0]?.boundMs, 2_000);
});

test("a model that was excused is judged by the cap from then on", () => {
	const { time, watch, learn } = watchAt();
	learn(100);
	watch.watch(STREAM);
	time.now = 1_000;
	assert.equal(watch.suspects().length, 1);
	watch.excuse("m");
	assert.equal(watch.suspects().length, 0);
	time.now = 60_000;
	assert.equal(watch.suspects().length, 1);
});

test("tells on which models somebody progressed lately", () => {
	const { time, watch, learn } = watchAt();
	learn(1);
	time.now = 1_000;
	learn(1, { ...STREAM, model: "other" });
	time.now = 1_500;
	assert.deepEqual(watch.progressedWithin(600), ["other"]);
	assert.deepEqual(watch.progressedWithin(1_600), ["m", "other"]);
});

test("nothing is suspected where the operator turned it off", () => {
	const { time, watch, learn } = watchAt({ detect: false });
	learn(1);
	watch.watch(STREAM);
	time.now = 1e9;
	assert.equal(watch.suspects().length, 0);
});
