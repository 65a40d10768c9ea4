import assert from "node:assert/strict";
import { test } from "node:test";

import { Turns } from "./turns.ts";

test("an act that fails fails for whoever asked for it, and the next one begins all the same, after it", async () => {
	const turns = new Turns();
	const told: string[] = [];
	const gate = Promise.withResolvers<void>();
	const first = turns.take(async () => {
		told.push("first begins");
		await gate.promise;
		told.push("first ends");
		throw new Error("disk full");
	});
	const second = turns.take(() => {
		told.push("second");
		return Promise.resolve(2);
	});
	await Promise.resolve();
	assert.deepEqual(told, ["first begins"]);
	gate.resolve();
	await assert.rejects(first, /disk full/);
	assert.equal(await second, 2);
	assert.deepEqual(told, ["first begins", "first ends", "second"]);
});

test("an act that throws at once is a rejection like any other", async () => {
	const turns = new Turns();
	await assert.rejects(
		turns.take(() => {
			throw new Error("at once");
		}),
		/at once/,
	);
	assert.equal(await turns.take(() => Promise.resolve(1)), 1);
});
