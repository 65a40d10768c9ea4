import assert from "node:assert/strict";
import { test } from "node:test";

import { budgetsSpec, charge, principal, testedLedger } from "../../test/support/budgets.ts";
import { mostUsed } from "./most-used.ts";

const MANY = 30_000;

/** Key number n used n tokens; in no order. */
function world(count: number) {
	const tested = testedLedger(budgetsSpec([{ unit: "tokens", limit: 1_000_000 }]));
	for (let at = 0; at < count; at++) {
		const number = (at * 7_919) % count;
		tested.held(principal(`key${number}`)).settle(charge(number));
	}
	const [budget] = tested.ledger.budgets;
	assert.ok(budget !== undefined);
	return { ...tested, budget, find: (limit: number) => mostUsed(budget.all(), limit, () => tested.ledger.now()) };
}

test("finds those who used most among many, in their order, and lets others run meanwhile", async () => {
	const { find } = world(MANY);
	let turns = 0;
	let isLooking = true;
	const others = (): void => {
		turns += 1;
		if (isLooking) setImmediate(others);
	};
	others();
	const found = await find(3);
	isLooking = false;
	assert.deepEqual(
		found.map(({ subject, used }) => [subject, used]),
		[MANY - 1, MANY - 2, MANY - 3].map((number) => [`key${number}`, number]),
	);
	assert.ok(turns > 5, `${turns} turns`);
});

test("all of them where there are fewer, and what is held counts like what is used", async () => {
	const { find, held } = world(3);
	held(principal("key0"), { outputBound: 100 });
	const found = await find(10);
	assert.deepEqual(
		found.map(({ subject }) => subject),
		["key0", "key2", "key1"],
	);
});

test("whoever is forgotten meanwhile is left out, and nobody stands with what is somebody else's", async () => {
	const { find, pass, ledger, held, budget } = world(MANY);
	const finding = find(2);
	pass(86_400_000);
	for (let part = 0; part < 10; part++) ledger.forgetIdle();
	assert.equal(budget.count(), 0);
	held(principal("new")).settle(charge(5));
	const found = await finding;
	assert.deepEqual(
		found.filter(({ subject }) => subject !== "new"),
		[],
	);
});
