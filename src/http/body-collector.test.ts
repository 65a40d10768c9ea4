import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { BodyCollector } from "./body-collector.ts";
import { ByteBudget } from "./byte-budget.ts";

test("refuses what the budget has no room for, and reserves nothing for it", () => {
	const budget = new ByteBudget(10);
	const collector = new BodyCollector(budget);
	assert.equal(collector.add(Buffer.alloc(8)), true);
	assert.equal(collector.add(Buffer.alloc(3)), false);
	assert.equal(budget.held, 8);
});

test("keeps no small piece by reference: a body in chunks of one byte would cost a hundred times its length", () => {
	const collector = new BodyCollector(new ByteBudget(1000));
	const small = [Buffer.from("a"), Buffer.from("b"), Buffer.from("c")];
	for (const piece of small) collector.add(piece);
	for (const piece of small.slice(1)) piece.fill("-");
	assert.equal(collector.take().toString(), "abc");
});

test("keeps a body whose buffer is used again", () => {
	for (const bytes of [5, 5_000]) {
		const shared = Buffer.alloc(bytes, "a");
		const collector = new BodyCollector(new ByteBudget(10_000));
		assert.ok(collector.add(shared));
		shared.fill("b");
		assert.ok(collector.add(shared.subarray(0, 2)));
		shared.fill("c");
		assert.equal(collector.take().toString(), `${"a".repeat(bytes)}bb`);
	}
});

test("an empty body is empty", () => assert.equal(new BodyCollector(new ByteBudget(0)).take().length, 0));

test("what was reserved is given back once, taken or not", () => {
	const budget = new ByteBudget(100);
	const collector = new BodyCollector(budget);
	collector.add(Buffer.alloc(60));
	collector.take();
	assert.equal(budget.held, 60);
	collector.release();
	collector.release();
	assert.equal(budget.held, 0);
	collector.add(Buffer.alloc(7));
	collector.release();
	assert.equal(budget.held, 0);
	assert.equal(collector.take().length, 0);
});

test("another total holds for what is reserved from then on, and takes nothing away", () => {
	const budget = new ByteBudget(100);
	assert.ok(budget.reserve(90));
	budget.adjust(50);
	assert.equal(budget.held, 90);
	assert.ok(!budget.reserve(1));
	budget.adjust(200);
	assert.ok(budget.reserve(110));
	assert.ok(!budget.reserve(1));
});

test("however a body is cut, it comes out as it went in, body after body", () => {
	const sizes = fc.array(
		fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 4000, max: 4200 }), fc.integer({ min: 1, max: 40_000 })),
		{
			maxLength: 30,
			size: "max",
		},
	);
	fc.assert(
		fc.property(fc.array(sizes, { minLength: 1, maxLength: 3 }), (bodies) => {
			const budget = new ByteBudget(Number.MAX_SAFE_INTEGER);
			const collector = new BodyCollector(budget);
			for (const body of bodies) {
				let next = 0;
				const pieces = body.map((size) => Buffer.from(Array.from({ length: size }, () => next++ % 251)));
				for (const piece of pieces) assert.ok(collector.add(piece));
				assert.ok(collector.take().equals(Buffer.concat(pieces)));
				collector.release();
			}
			assert.equal(budget.held, 0);
		}),
		{ numRuns: 50 },
	);
});
