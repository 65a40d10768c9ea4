import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FairQueue } from "./fair-queue.ts";

test("refuses what is beyond its capacity", () => {
	const queue = new FairQueue<number>(2);
	assert.equal(queue.push("a", 1), true);
	assert.equal(queue.push("b", 2), true);
	assert.equal(queue.push("c", 3), false);
	assert.equal(queue.size, 2);
});

test("a principal with many waiting requests delays another by one", () => {
	const queue = new FairQueue<string>(100);
	for (let request = 0; request < 50; request++) queue.push("greedy", `greedy ${request}`);
	queue.push("modest", "modest 0");
	assert.equal(queue.shift(), "greedy 0");
	assert.equal(queue.shift(), "modest 0");
	assert.equal(queue.shift(), "greedy 1");
});

test("what was removed is not served, and is removed once", () => {
	const queue = new FairQueue<string>(10);
	queue.push("a", "first");
	queue.push("a", "second");
	assert.equal(queue.remove("a", "first"), true);
	assert.equal(queue.remove("a", "first"), false);
	assert.equal(queue.remove("nobody", "first"), false);
	assert.equal(queue.shift(), "second");
	assert.equal(queue.shift(), undefined);
	assert.equal(queue.size, 0);
});

test("serves everything once, each principal's requests in their order", () => {
	fc.assert(
		fc.property(fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.nat()), { maxLength: 50 }), (pushed) => {
			const queue = new FairQueue<readonly [string, number]>(100);
			for (const item of pushed) queue.push(item[0], item);
			const served: (readonly [string, number])[] = [];
			for (let item = queue.shift(); item !== undefined; item = queue.shift()) served.push(item);
			assert.equal(served.length, pushed.length);
			for (const principal of ["a", "b", "c"]) {
				assert.deepEqual(
					served.filter(([who]) => who === principal),
					pushed.filter(([who]) => who === principal),
				);
			}
		}),
	);
});
