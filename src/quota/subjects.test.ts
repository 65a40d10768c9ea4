/** Where counters lie may change at any time: what they count may not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { budgetsSpec, charge, principal, standings, testedLedger } from "../../test/support/budgets.ts";
import type { BudgetSpec } from "../model/budget-spec.ts";
import type { Ledger } from "./ledger.ts";

const ADA = principal("ada00000");
const BOB = principal("bob00000");
const DAY = 86_400_000;
const TOKENS: Partial<BudgetSpec> = { name: "tokens", unit: "tokens", limit: 10_000 };
const ROLLING: Partial<BudgetSpec> = { name: "rolling", window: "rolling", limit: 100 };
const MONTH: Partial<BudgetSpec> = { name: "month", per: "month", limit: 50 };
const AT_ONCE: Partial<BudgetSpec> = { name: "at-once", unit: "concurrent", per: null, limit: 9 };

function usedOf(ledger: Ledger, subject: string): Record<string, readonly [used: number, held: number]> {
	const found = standings(ledger).filter((standing) => standing.subject === subject);
	return Object.fromEntries(found.map(({ spec, used, held }) => [spec.name, [used, held]]));
}

test("other budgets in another order: what was counted and what is held stay with their budgets", () => {
	const { ledger, held, pass } = testedLedger(budgetsSpec([TOKENS, ROLLING, MONTH, AT_ONCE]));
	for (let hour = 0; hour < 3; hour++) {
		held(ADA).settle(charge(100));
		pass(DAY / 24);
	}
	const running = held(ADA, { outputBound: 10 });
	const before = usedOf(ledger, "ada00000");
	assert.deepEqual(
		[before["rolling"], before["month"], before["at-once"]],
		[
			[3, 1],
			[3, 1],
			[0, 1],
		].map(([used, one]) => [used, one]),
	);

	ledger.adjust(budgetsSpec([{ name: "new", limit: 5 }, AT_ONCE, MONTH, ROLLING]));
	const after = usedOf(ledger, "ada00000");
	for (const name of ["at-once", "month", "rolling"]) assert.deepEqual(after[name], before[name], name);
	assert.equal(after["tokens"], undefined);
	running.settle(charge(7));
	const settled = usedOf(ledger, "ada00000");
	assert.deepEqual(
		[settled["rolling"], settled["month"], settled["at-once"]],
		[
			[4, 0],
			[4, 0],
			[0, 0],
		].map(([used, none]) => [used, none]),
	);
	pass(DAY - DAY / 24);
	assert.equal(usedOf(ledger, "ada00000")["rolling"]?.[0], 2, "each bucket is forgotten in its time");
});

test("budgets that come to concern somebody later take nothing away from those that did before", () => {
	const { ledger, held } = testedLedger(
		budgetsSpec([{ ...MONTH, for: { roles: ["user"], keys: null, groups: null, models: null } }, TOKENS]),
	);
	const asUser = held(ADA, { outputBound: 100, mostInput: 0 });
	held(principal("ada00000", { role: "admin" })).settle(charge(20));
	asUser.settle(charge(5));
	assert.deepEqual(usedOf(ledger, "ada00000"), { month: [1, 0], tokens: [25, 0] });
	const late = testedLedger(budgetsSpec([TOKENS, { ...MONTH, for: { roles: ["admin"], keys: null, groups: null, models: null } }]));
	const first = late.held(ADA);
	late.held(principal("ada00000", { role: "admin" })).settle(charge(20));
	first.settle(charge(5));
	assert.deepEqual(usedOf(late.ledger, "ada00000"), { tokens: [25, 0], month: [1, 0] });
});

test("whoever comes where somebody was forgotten begins with nothing", () => {
	const { ledger, held, pass } = testedLedger(budgetsSpec([TOKENS, ROLLING, { name: "calls", limit: 1_000 }]));
	for (let at = 0; at < 20; at++) held(principal(`old${at}`)).settle(charge(50));
	pass(2 * DAY);
	ledger.forgetIdle();
	assert.deepEqual(standings(ledger), []);
	for (let at = 0; at < 20; at++) held(principal(`new${at}`)).giveUp();
	for (const { used, held: reserved } of standings(ledger)) assert.deepEqual([used, reserved], [0, 0]);
	held(BOB).settle(charge(1));
	assert.deepEqual(usedOf(ledger, "bob00000")["calls"], [1, 0]);
});

test("many callers are looked through in turns, and each is forgotten in one of them", () => {
	const { ledger, held, pass } = testedLedger(budgetsSpec([{ limit: 5 }]));
	for (let at = 0; at < 10_000; at++) held(principal(`key${at}`)).settle(charge(0));
	pass(DAY);
	ledger.forgetIdle();
	const left = standings(ledger).length;
	assert.ok(left > 0 && left < 10_000);
	for (let turn = 0; turn < 3; turn++) ledger.forgetIdle();
	assert.equal(standings(ledger).length, 0);
});

test("whoever comes in one role and then in another is counted by the budgets of each", () => {
	const only = (role: string) => ({ roles: [role], keys: null, groups: null, models: null });
	const { ledger, held } = testedLedger(
		budgetsSpec([TOKENS, { name: "users", limit: 9, for: only("user") }, { name: "guests", limit: 9, for: only("guest") }]),
	);
	for (const role of ["user", "admin", "guest", "admin", "user"]) held(principal("ada00000", { role })).settle(charge(1));
	assert.deepEqual(usedOf(ledger, "ada00000"), { tokens: [5, 0], users: [2, 0], guests: [1, 0] });
});

test("what begins anew forgets earlier hours too", () => {
	const { ledger, held, pass } = testedLedger(budgetsSpec([ROLLING]));
	for (let hour = 0; hour < 3; hour++) {
		held(ADA).settle(charge(1));
		pass(DAY / 24);
	}
	assert.equal(ledger.reset("rolling", "ada00000"), 1);
	held(ADA).settle(charge(1));
	for (let hour = 0; hour < 3; hour++) {
		assert.deepEqual(usedOf(ledger, "ada00000")["rolling"], [1, 0]);
		pass(DAY / 24);
	}
});

test("how many a budget counts is known without going to each, whoever comes, gets other budgets, goes, or is arranged anew", () => {
	const only = (role: string) => ({ roles: [role], keys: null, groups: null, models: null });
	const spec: readonly Partial<BudgetSpec>[] = [
		TOKENS,
		{ name: "users", limit: 99, for: only("user") },
		{ name: "guests", limit: 99, for: only("guest") },
	];
	const { ledger, held, pass } = testedLedger(budgetsSpec(spec));
	const counts = () => ledger.budgets.map((budget) => budget.count());
	for (let at = 0; at < 30; at++) held(principal(`key${at}`, { role: "user" })).settle(charge(1));
	assert.deepEqual(counts(), [30, 30, 0]);
	for (let at = 0; at < 10; at++) held(principal(`key${at}`, { role: "guest" })).settle(charge(1));
	assert.deepEqual(counts(), [30, 30, 10]);
	ledger.adjust(budgetsSpec(spec.toReversed()));
	assert.deepEqual(counts(), [10, 30, 30]);
	ledger.adjust(budgetsSpec(spec.slice(0, 1)));
	assert.deepEqual(counts(), [30]);
	pass(40 * DAY);
	ledger.forgetIdle();
	assert.deepEqual(counts(), [0]);
});
