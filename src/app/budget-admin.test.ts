import assert from "node:assert/strict";
import { test } from "node:test";
import { budgetsSpec, charge, NOON, principal, standings, testedLedger } from "../../test/support/budgets.ts";
import type { Event } from "../model/event.ts";
import { type BudgetAdminDeps, budgetAdmin } from "./budget-admin.ts";

const ADA = principal("ada00000");

function world(changes: Partial<BudgetAdminDeps> = {}) {
	const tested = testedLedger(budgetsSpec([{ limit: 2 }]));
	tested.held(ADA).settle(charge(0));
	tested.held(principal("bob00000"));
	const appended: Event[] = [];
	const admin = budgetAdmin({
		ledger: tested.ledger,
		save: () => Promise.resolve(),
		events: {
			append: (event) => {
				appended.push(event);
				return { committed: true, settled: Promise.resolve() };
			},
		},
		keys: { find: () => null },
		principals: { find: () => null },
		clock: () => NOON,
		...changes,
	});
	const used = () => standings(tested.ledger, "daily").map((standing) => standing.used);
	return { admin, appended, used };
}

const failing = (): Promise<void> => Promise.reject(new Error("ENOSPC"));

test("a reset that is not on record is not done", async () => {
	const { admin, used } = world({ events: { append: () => ({ committed: false, settled: failing() }) } });
	assert.equal(await admin.reset("daily", null, "socket"), "not-recorded");
	assert.deepEqual(used(), [1, 0]);
});

test("a reset that is not on the disk is no success", async () => {
	assert.equal(await world({ save: failing }).admin.reset("daily", null, "socket"), "not-stored");
});

test("what is not there is not reset, and nothing is recorded of it", async () => {
	const { admin, appended } = world();
	assert.equal(await admin.reset("weekly", null, "socket"), "budget-unknown");
	assert.equal(await admin.reset("daily", "eve00000", "socket"), 0);
	assert.deepEqual(appended, []);
});

test("nothing is recorded of a reset of a budget that nobody has used", async () => {
	const { admin, appended } = world({ ledger: testedLedger(budgetsSpec([{}])).ledger });
	assert.equal(await admin.reset("daily", null, "socket"), 0);
	assert.deepEqual(appended, []);
});

test("a reset lets go what was used, and not what is held; whoever used most is shown first", async () => {
	const { admin, appended, used } = world();
	assert.equal(await admin.reset("daily", "ada00000", "psn_1 (eve)"), 1);
	assert.deepEqual(used(), [0, 0]);
	const shown = await admin.show("daily", 1);
	assert.deepEqual(
		shown?.standings.map(({ of, used: count, held }) => [of, count, held]),
		[["bob00000", 0, 1]],
	);
	assert.equal(shown?.budget.counters, 2);
	assert.deepEqual(appended, [{ type: "budget-reset", at: NOON, budget: "daily", subject: "ada00000", by: "psn_1 (eve)" }]);
});

test("to look how budgets stand for somebody counts nobody from nowhere", () => {
	const tested = testedLedger(budgetsSpec([{ limit: 2 }, { name: "net", scope: "network" }]));
	const standings = tested.ledger.standingsOf(ADA, null, () => true);
	assert.deepEqual(
		standings.map(({ spec, used }) => [spec.name, used]),
		[["daily", 0]],
	);
	assert.deepEqual(
		tested.ledger.budgets.map((budget) => [budget.count(), budget.counts(ADA.id), budget.counts("")]),
		[
			[1, true, false],
			[0, false, false],
		],
	);
});
