import assert from "node:assert/strict";
import { test } from "node:test";

import { ShareClock } from "./share-clock.ts";

test("whoever is alone has all of the time, also where none has passed", () => {
	const clock = new ShareClock();
	assert.equal(clock.leave(clock.enter(10), 10, 10), 1);
	assert.equal(clock.leave(clock.enter(20), 20, 120), 1);
	// What passes while nobody runs is nobody's.
	assert.equal(clock.leave(clock.enter(5_000), 5_000, 5_100), 1);
});

test("who runs at the same time shares it, and all together have no more than there was", () => {
	const clock = new ShareClock();
	const first = clock.enter(0);
	const second = clock.enter(50);
	assert.equal(clock.chargedMs(first, 100), 75);
	assert.equal(clock.leave(first, 0, 150), 100 / 150);
	assert.equal(clock.leave(second, 50, 250), 150 / 200);
});
