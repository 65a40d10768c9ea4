/** What every store of budgets promises, whatever it is made of. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import type { BudgetChanges, BudgetStore, OpenRequest, SubjectState } from "../../src/ports/budget-store.ts";

/** Opens an empty store, which the test's end closes. */
export type OpenBudgetStore = (context: TestContext) => Promise<BudgetStore>;

const OPEN: OpenRequest = {
	request: "request-1",
	facts: { principal: "ab12cd34", kind: "api-key", role: "user", groups: ["rot", "größe"], model: "llama3.2:latest", peer: "2001:db8::1" },
	charge: { inputTokens: 12, outputTokens: 512, gpuUs: 2_000_000, nanos: 0 },
	begun: true,
};

function changes(more: Partial<BudgetChanges> = {}): BudgetChanges {
	return { seq: 7, at: 1_000, definitions: [["daily", "[1]"]], subjects: [], forgotten: [], open: [], ...more };
}

export function budgetStoreContract(name: string, open: OpenBudgetStore): void {
	test(`${name}: holds nothing at first, and says so`, async (context) => {
		assert.equal(await (await open(context)).load(), null);
	});

	test(`${name}: gives back what was saved, and a fraction of a millisecond is rounded up`, async (context) => {
		const store = await open(context);
		const subjects: readonly SubjectState[] = [
			{ scope: "everyone", subject: "", state: [] },
			{ scope: "key", subject: "ab12cd34", state: [0, 2, 1_764_000_000_000, 12.5] },
			{ scope: "key", subject: "o'brien 🐑", state: [0, 4, 1, 2, 3, 4] },
			{ scope: "network", subject: "ab12cd34", state: [0, 0] },
		];
		await store.save(changes({ at: 1_000.25, subjects, open: [OPEN] }));
		assert.deepEqual(await store.load(), { seq: 7, at: 1_001, definitions: [["daily", "[1]"]], subjects, open: [OPEN] });
	});

	test(`${name}: a save changes what it names, forgets what it says, and replaces who is running`, async (context) => {
		const store = await open(context);
		const [a, b, c] = [subject("a", 1), subject("b", 1), subject("c", 1)];
		await store.save(changes({ subjects: [a, b, c], open: [OPEN] }));
		const [changed, back] = [subject("b", 2), subject("c", 3)];
		const forgotten: BudgetChanges["forgotten"] = [
			["key", "a"],
			["key", "c"],
			["network", "b"],
		];
		await store.save(changes({ seq: 9, at: 2_000, subjects: [back, changed], forgotten }));
		assert.deepEqual(await store.load(), { seq: 9, at: 2_000, definitions: [["daily", "[1]"]], subjects: [changed, back], open: [] });
	});

	test(`${name}: drops what was counted of a budget that is gone, or is another one under the same name, and keeps the rest with its budget`, async (context) => {
		const store = await open(context);
		const three: BudgetChanges["definitions"] = [
			["gone", "[1]"],
			["changed", "[1]"],
			["kept", "[1]"],
		];
		const both: SubjectState = { scope: "key", subject: "a", state: [0, 1, 10, 1, 2, 20, 21, 2, 1, 30] };
		await store.save(changes({ definitions: three, subjects: [both, { scope: "key", subject: "b", state: [0, 1, 10] }] }));
		const next: BudgetChanges["definitions"] = [
			["new", "[1]"],
			["kept", "[1]"],
			["changed", "[2]"],
		];
		const met: SubjectState = { scope: "key", subject: "c", state: [0, 1, 5] };
		await store.save(changes({ definitions: next, subjects: [met] }));
		const kept = await store.load();
		assert.deepEqual(kept?.subjects, [{ scope: "key", subject: "a", state: [1, 1, 30] }, met]);
		assert.deepEqual(kept.definitions, next);
	});
}

function subject(name: string, used: number): SubjectState {
	return { scope: "key", subject: name, state: [0, 2, 1, used] };
}
