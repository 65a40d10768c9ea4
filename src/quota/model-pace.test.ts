import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Usage } from "../model/usage.ts";
import { ModelPace } from "./model-pace.ts";

const MS = 1e6;

function used(promptTokens: number, outputTokens: number, promptMs: number | null, evalMs: number | null): Usage {
	const [promptNs, evalNs] = [promptMs === null ? null : promptMs * MS, evalMs === null ? null : evalMs * MS];
	return { promptTokens, outputTokens, totalNs: null, loadNs: null, promptNs, evalNs, estimated: false };
}

test("a model that has not answered costs the same for everyone", () => {
	const pace = new ModelPace();
	assert.equal(pace.known, false);
	assert.equal(pace.expect(10, null), pace.expect(1_000_000, 5));
});

test("costs what the runner reports, without loading", () => {
	const pace = new ModelPace();
	assert.equal(pace.learn(used(100, 50, 200, 1_000), 400, 60_000), 1_200);
	assert.equal(pace.known, true);
});

test("never costs more than the time that the place was held, whatever an upstream reports", () => {
	assert.equal(new ModelPace().learn(used(100, 50, 9e9, 9e9), 400, 700), 700);
});

test("expects by the size of the request and by its bound on tokens", () => {
	const pace = new ModelPace();
	pace.learn(used(100, 50, 200, 1_000), 400, 60_000);
	assert.equal(pace.expect(400, null), 1_200);
	assert.equal(pace.expect(800, null), 1_400);
	assert.equal(pace.expect(400, 10), 400);
	assert.equal(pace.expect(400, 9_999), 1_200);
});

test("weighs tokens with what was learned where a dialect reports no times, and takes the time held where nothing was learned", () => {
	const pace = new ModelPace();
	assert.equal(pace.learn(used(100, 50, null, null), 400, 3_000), 3_000);
	pace.learn(used(100, 50, 200, 1_000), 400, 60_000);
	assert.equal(pace.learn(used(100, 25, null, null), 400, 60_000), 700);
	assert.equal(pace.learn(null, 400, 60_000), 60_000);
});

test("learns nothing from answers that broke off, and lets old times fade", () => {
	const pace = new ModelPace();
	pace.learn(used(10, 10, 0, 1_000), 100, 60_000);
	const before = pace.expect(100, null);
	pace.learn({ ...used(10, 2, null, null), estimated: true }, 100, 10);
	assert.equal(pace.expect(100, null), before);
	for (let time = 0; time < 40; time++) pace.learn(used(10, 10, 0, 100), 100, 60_000);
	assert.ok(pace.expect(100, null) < 102);
});

test("the newest request counts a fifth", () => {
	const pace = new ModelPace();
	pace.learn(used(0, 10, 0, 1_000), 0, 60_000);
	pace.learn(used(0, 10, 0, 100), 0, 60_000);
	assert.equal(pace.expect(0, null), 820);
});

test("an answer without a token teaches nothing of what tokens cost, and no request is expected to take hours", () => {
	const pace = new ModelPace();
	pace.learn(used(100, 50, 200, 1_000), 400, 60_000);
	pace.learn(used(100, 0, 200, 1_000), 0, 60_000);
	assert.equal(pace.expect(0, 1), 20);
	assert.equal(pace.expect(2 ** 40, null), 600_000);
});

test("is a number that is not negative and has a bound, whatever was reported", () => {
	const amount = fc.integer({ min: 0, max: 2 ** 40 });
	const reports = fc.array(fc.tuple(amount, amount, fc.option(amount), fc.option(amount), amount, amount), { maxLength: 20, size: "max" });
	fc.assert(
		fc.property(reports, amount, fc.option(amount), (learned, bytes, bound) => {
			const pace = new ModelPace();
			for (const [prompt, output, promptMs, evalMs, size, heldMs] of learned) {
				const cost = pace.learn(used(prompt, output, promptMs, evalMs), size, heldMs);
				assert.ok(cost >= 0 && cost <= heldMs);
			}
			const expected = pace.expect(bytes, bound);
			assert.ok(expected >= 0 && Number.isFinite(expected));
		}),
	);
});
