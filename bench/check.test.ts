import assert from "node:assert/strict";
import { test } from "node:test";

import { missedBounds } from "./check.ts";
import type { Figure } from "./figure.ts";

const FIGURE: Figure = {
	id: "chat-cpu/nginx",
	what: "CPU",
	value: 2.345,
	unit: "×",
	spread: [1, 3],
	atLeast: 1.8,
	aim: 1.3,
	better: "less",
	detail: null,
};

test("names each bound that was missed, with what was measured", () => {
	const rate: Figure = { ...FIGURE, id: "flood-rate/nginx", value: 0.5, atLeast: 0.8, aim: 1.2, better: "more" };
	assert.deepEqual(missedBounds([FIGURE, rate]), [
		"missed: chat-cpu/nginx is 2.35×, and is to be ≤ 1.8×",
		"missed: flood-rate/nginx is 0.50×, and is to be ≥ 0.8×",
	]);
});

test("a figure that could not be made misses its bound", () => {
	assert.match(missedBounds([{ ...FIGURE, value: Number.NaN }]).join(), /is NaN×/);
});

test("has nothing to say of what is met, and of what has no bound", () => {
	assert.deepEqual(
		missedBounds([
			{ ...FIGURE, value: 1.8 },
			{ ...FIGURE, value: 1 },
			{ ...FIGURE, value: 99, atLeast: null },
		]),
		[],
	);
});
