import assert from "node:assert/strict";
import { test } from "node:test";
import { RefusalSampler } from "./refusal-sampler.ts";

test("writes up to the rate, counts beyond it, and reports the counts once", () => {
	const sampler = new RefusalSampler(3, 0);
	const written = Array.from({ length: 10 }, () => sampler.admits("credential-missing", 0)).filter(Boolean);
	assert.equal(written.length, 3);
	sampler.admits("request-malformed", 0);
	assert.deepEqual(sampler.summarise(5, 1_000), [
		{ type: "refusals-summarised", at: 5, reason: "credential-missing", count: 7, sinceMs: 1_000 },
		{ type: "refusals-summarised", at: 5, reason: "request-malformed", count: 1, sinceMs: 1_000 },
	]);
	assert.deepEqual(sampler.summarise(6, 2_000), []);
});

test("writes again when a minute's share has come back", () => {
	const sampler = new RefusalSampler(60, 0);
	for (let refusal = 0; refusal < 60; refusal++) sampler.admits("credential-wrong", 0);
	assert.equal(sampler.admits("credential-wrong", 0), false);
	assert.equal(sampler.admits("credential-wrong", 1_000), true);
});

test("a rate of nothing writes nothing and counts everything", () => {
	const sampler = new RefusalSampler(0, 0);
	assert.equal(sampler.admits("credential-missing", 0), false);
	assert.equal(sampler.summarise(0, 1)[0]?.count, 1);
});

test("what is no refusal shares the rate and is not counted", () => {
	const sampler = new RefusalSampler(2, 0);
	assert.deepEqual([sampler.hasRoom(0), sampler.admits("credential-missing", 0), sampler.hasRoom(0)], [true, true, false]);
	assert.deepEqual(sampler.summarise(0, 1), []);
});
