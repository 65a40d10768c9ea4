/** What every store of budgets promises, whatever it is made of. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import type { BudgetChanges, BudgetStore, OpenRequest } from "../../src/ports/budget-store.ts";

/** Opens an empty store, which the test's end closes. */
export type OpenBudgetStore = (context: TestContext) => Promise<BudgetStore>;

const OPEN: OpenRequest = {
	request: "request-1",
	facts: { principal: "ab12cd34", kind: "api-key", role: "user", groups: ["rot", "größe"], model: "llama3.2:latest", peer: "2001:db8::1" },
	charge: { inputTokens: 12, outputTokens: 512, gpuUs: 2_000_000, nanos: 0 },
	begun: true,
};

function changes(more: Partial<BudgetChanges> = {}): BudgetChanges {
	return { seq: 7, at: 1_000, definitions: [["daily", "[1]"]], counters: [], forgotten: [], open: [], ...more };
}

export function budgetStoreContract(name: string, open: OpenBudgetStore): void {
	test(`${name}: holds nothing at first, and says so`, async (context) => {
		assert.equal(await (await open(context)).load(), null);
	});

	test(`${name}: gives back what was saved, and a fraction of a millisecond is rounded up`, async (context) => {
		const store = await open(context);
		const counters = [
			{ budget: "daily", subject: "", state: [] },
			{ budget: "daily", subject: "ab12cd34", state: [1_764_000_000_000, 12.5] },
			{ budget: "daily", subject: "o'brien 🐑", state: [1, 2, 3, 4] },
		];
		await store.save(changes({ at: 1_000.25, counters, open: [OPEN] }));
		assert.deepEqual(await store.load(), { seq: 7, at: 1_001, definitions: [["daily", "[1]"]], counters, open: [OPEN] });
	});

	test(`${name}: a save changes what it names, forgets what it says, and replaces who is running`, async (context) => {
		const store = await open(context);
		const [a, b, c] = ["a", "b", "c"].map((subject) => ({ budget: "daily", subject, state: [1, 10] }));
		assert.ok(a !== undefined && b !== undefined && c !== undefined);
		await store.save(changes({ counters: [a, b, c], open: [OPEN] }));
		const changed = { ...b, state: [1, 20] };
		await store.save(changes({ seq: 9, at: 2_000, counters: [changed], forgotten: [["daily", "a"]] }));
		assert.deepEqual(await store.load(), { seq: 9, at: 2_000, definitions: [["daily", "[1]"]], counters: [changed, c], open: [] });
	});

	test(`${name}: drops the counters of a budget that is gone, or is another one under the same name`, async (context) => {
		const store = await open(context);
		const counter = (budget: string) => ({ budget, subject: "a", state: [1] });
		const three: BudgetChanges["definitions"] = [
			["kept", "[1]"],
			["changed", "[1]"],
			["gone", "[1]"],
		];
		await store.save(changes({ definitions: three, counters: three.map(([budget]) => counter(budget)) }));
		const two: BudgetChanges["definitions"] = [
			["kept", "[1]"],
			["changed", "[2]"],
		];
		await store.save(changes({ definitions: two }));
		assert.deepEqual((await store.load())?.counters, [counter("kept")]);
		assert.deepEqual((await store.load())?.definitions, two);
	});
}
