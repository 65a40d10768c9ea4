import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { takeRate } from "./rate.ts";

const SPEC = { perMinute: 60, burst: 3 };

test("refuses the request after the burst and says when to come back", () => {
	let arrival: number | undefined;
	for (let request = 0; request < 3; request++) {
		const result = takeRate(arrival, 1_000, SPEC);
		assert.equal(result.allowed, true);
		assert.equal(result.remaining, 2 - request);
		arrival = result.arrival;
	}
	const refused = takeRate(arrival, 1_000, SPEC);
	assert.deepEqual(refused, { allowed: false, arrival, remaining: 0, retryAfterMs: 1_000 });
});

test("refuses a moment before Retry-After has passed and permits when it has", () => {
	const full = { arrival: 4_000, now: 1_000 };
	assert.equal(takeRate(full.arrival, full.now + 999, SPEC).allowed, false);
	assert.equal(takeRate(full.arrival, full.now + 1_000, SPEC).allowed, true);
});

test("a refused request costs nothing", () => {
	const before = takeRate(4_000, 1_000, SPEC);
	assert.equal(before.arrival, 4_000);
});

test("never allows more than the burst and the rate together, whatever the pattern", () => {
	const gaps = fc.array(fc.integer({ min: 0, max: 2_000 }), { maxLength: 200, size: "max" });
	fc.assert(
		fc.property(gaps, fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 50 }), (pauses, perMinute, burst) => {
			let now = 0;
			let arrival: number | undefined;
			let allowed = 0;
			for (const pause of pauses) {
				now += pause;
				const result = takeRate(arrival, now, { perMinute, burst });
				arrival = result.arrival;
				if (result.allowed) allowed += 1;
				assert.ok(result.remaining >= 0 && result.remaining < burst);
			}
			assert.ok(allowed <= burst + (now * perMinute) / 60_000 + 1e-6);
		}),
	);
});

test("gives a newcomer its whole burst, whatever fraction of a millisecond the clock shows", () => {
	const clock = fc.double({ min: 0, max: 1e10, noNaN: true });
	fc.assert(
		fc.property(clock, fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 1, max: 20 }), (now, perMinute, burst) => {
			let arrival: number | undefined;
			for (let request = 1; request <= burst; request++) {
				const result = takeRate(arrival, now, { perMinute, burst });
				assert.deepEqual([result.allowed, result.remaining], [true, burst - request]);
				arrival = result.arrival;
			}
			assert.equal(takeRate(arrival, now, { perMinute, burst }).allowed, false);
		}),
	);
});
