import assert from "node:assert/strict";
import { test } from "node:test";

import { MemoryBudgetStore } from "../support/memory-budget-store.ts";
import { temporaryStores } from "../support/temporary-stores.ts";
import { budgetStoreContract } from "./budget-store-contract.ts";

budgetStoreContract("memory", () => Promise.resolve(new MemoryBudgetStore()));
budgetStoreContract("sqlite", async (context) => (await temporaryStores(context)).budgets);

test("sqlite: it is there when the state is opened again, and the log goes on counting where it was", async (context) => {
	const stores = await temporaryStores(context);
	assert.equal(stores.events.lastSeq, 0);
	for (let at = 0; at < 3; at++) stores.events.append({ type: "log-recovered", at: 1_000, lost: 0 });
	assert.equal(stores.events.lastSeq, 3);
	await stores.budgets.save({
		seq: stores.events.lastSeq,
		at: 5,
		definitions: [["daily", "x"]],
		save: 1,
		keepFrom: 1,
		records: [{ names: "a", numbers: Float64Array.of(0, 1, 4, 0, 2, 1, 2) }],
		open: [],
	});
	await stores.close();
	const again = await temporaryStores(context, { directory: stores.directory });
	assert.equal(again.events.lastSeq, 3);
	await again.events.append({ type: "log-recovered", at: 1_000, lost: 0 }).settled;
	assert.equal(again.events.lastSeq, 4);
	assert.equal((await again.events.read({ limit: 1 })).at(-1)?.seq, 4);
	assert.deepEqual((await again.budgets.load())?.records, [{ names: "a", numbers: Float64Array.of(0, 1, 4, 0, 2, 1, 2) }]);
});
