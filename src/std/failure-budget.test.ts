import assert from "node:assert/strict";
import { test } from "node:test";
import { FailureBudget } from "./failure-budget.ts";

const EACH = { perSecond: 2, burst: 3 };
const ALL = { perSecond: 10, burst: 5 };

function spend(budget: FailureBudget, name: string, now: number): number {
	let spent = 0;
	while (spent < 100 && budget.affords(name, now)) {
		budget.failed(name, now);
		spent += 1;
	}
	return spent;
}

test("a name has its burst, then its rate, and never more than its burst", () => {
	const budget = new FailureBudget(EACH, ALL);
	assert.equal(spend(budget, "a", 1_000), 3);
	assert.equal(spend(budget, "a", 1_000), 0);
	assert.equal(spend(budget, "a", 2_000), 2);
	assert.equal(spend(budget, "a", 1_000_000), 3);
});

test("all names together have a bound too", () => {
	const budget = new FailureBudget(EACH, ALL);
	assert.equal(spend(budget, "a", 0), 3);
	assert.equal(spend(budget, "b", 0), 2);
	assert.equal(spend(budget, "c", 0), 0);
});

test("without a bound for all, one name's failures are no other's trouble", () => {
	const budget = new FailureBudget(EACH, null);
	for (let name = 0; name < 100; name += 1) assert.equal(spend(budget, String(name), 0), 3);
	assert.equal(spend(budget, "0", 0), 0);
});

test("a clock that is set back gives nothing, and takes nothing for ever", () => {
	const budget = new FailureBudget(EACH, ALL);
	assert.equal(spend(budget, "a", 1_000_000), 3);
	assert.equal(spend(budget, "a", 0), 0);
	assert.equal(spend(budget, "a", 1_000), 2);
});

test("a million names take no more memory than a few thousand", () => {
	const budget = new FailureBudget(EACH, { perSecond: 1, burst: 1e9 });
	for (let name = 0; name < 20_000; name += 1) budget.failed(String(name), 0);
	assert.ok(budget.size <= 4_096);
	// The latest are those that are kept.
	assert.equal(spend(budget, "19999", 0), 2);
});
