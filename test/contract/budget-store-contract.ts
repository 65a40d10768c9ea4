/** What every store of budgets promises, whatever it is made of. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import type { BudgetChanges, BudgetStore, OpenRequest, SubjectRecords } from "../../src/ports/budget-store.ts";

/** Opens an empty store, which the test's end closes. */
export type OpenBudgetStore = (context: TestContext) => Promise<BudgetStore>;

const OPEN: OpenRequest = {
	request: "request-1",
	facts: { principal: "ab12cd34", kind: "api-key", role: "user", groups: ["rot", "größe"], model: "llama3.2:latest", peer: "2001:db8::1" },
	charge: { inputTokens: 12, outputTokens: 512, gpuUs: 2_000_000, nanos: 0 },
	begun: true,
};

function changes(more: Partial<BudgetChanges> = {}): BudgetChanges {
	return { seq: 7, at: 1_000, save: 1, keepFrom: 1, definitions: [["daily", "[1]"]], records: [], open: [], ...more };
}

/** Made anew for each call: a save takes what it is given. */
function records(names: string, ...numbers: number[]): SubjectRecords {
	return { names, numbers: Float64Array.from(numbers) };
}

export function budgetStoreContract(name: string, open: OpenBudgetStore): void {
	test(`${name}: holds nothing at first, and says so`, async (context) => {
		assert.equal(await (await open(context)).load(), null);
	});

	test(`${name}: gives back what was saved, number by number, and a fraction of a millisecond is rounded up`, async (context) => {
		const store = await open(context);
		const made = () => [
			records("ab12cd34o'brien 🐑\0größe", 0, 8, 2, 1_764_000_000_000.5, -0),
			records(""),
			records("", 5, 0, 1, Number.MAX_SAFE_INTEGER),
		];
		await store.save(changes({ at: 1_000.25, records: made(), open: [OPEN] }));
		const kept = await store.load();
		assert.deepEqual(kept, { seq: 7, at: 1_001, save: 1, definitions: [["daily", "[1]"]], records: made(), open: [OPEN] });
	});

	test(`${name}: a save stands behind those before it, and replaces who is running and how budgets are defined`, async (context) => {
		const store = await open(context);
		await store.save(changes({ records: [records("a", 1), records("b", 2)], open: [OPEN] }));
		const definitions: BudgetChanges["definitions"] = [
			["new", "[1]"],
			["daily", "[2]"],
		];
		await store.save(changes({ seq: 9, at: 2_000, save: 2, definitions, records: [records("a", 3)] }));
		assert.deepEqual(await store.load(), {
			seq: 9,
			at: 2_000,
			save: 2,
			definitions,
			records: [records("a", 1), records("b", 2), records("a", 3)],
			open: [],
		});
	});

	test(`${name}: lets go the saves that are needed no more`, async (context) => {
		const store = await open(context);
		for (const save of [1, 2, 3]) await store.save(changes({ save, records: [records(`${save}`, save)] }));
		await store.save(changes({ save: 4, keepFrom: 3 }));
		assert.deepEqual((await store.load())?.records, [records("3", 3)]);
		await store.save(changes({ save: 5, keepFrom: 5, records: [records("5", 5)] }));
		assert.deepEqual((await store.load())?.records, [records("5", 5)]);
	});

	test(`${name}: takes saves that come before the one before is done, one after the other`, async (context) => {
		const store = await open(context);
		const large = () => records("", ...Array.from({ length: 10_000 }, (_, at) => at));
		await Promise.all([1, 2, 3].map((save) => store.save(changes({ save, records: [large(), large(), records(`${save}`, save)] }))));
		const kept = await store.load();
		assert.equal(kept?.save, 3);
		assert.deepEqual(kept.records.map(({ names }) => names).join(""), "123");
	});
}
