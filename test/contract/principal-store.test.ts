/** What every store of principals promises, asked of the one in memory and of the real one. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import type { EnrolledPrincipal } from "../../src/model/enrolled-principal.ts";
import type { PrincipalStore } from "../../src/ports/principal-store.ts";
import { MemoryPrincipalStore } from "../support/memory-principal-store.ts";
import { temporaryStores } from "../support/temporary-stores.ts";

function sample(changes: Partial<EnrolledPrincipal> = {}): EnrolledPrincipal {
	return {
		id: "prn_ab12cd34",
		name: "laptop of ada — \u{1f5dd}",
		role: "user",
		models: ["llama3.2:*", "qwen*"],
		groups: [],
		createdAt: 1_000,
		expiresAt: null,
		revokedAt: null,
		credential: { kind: "ollama-key", publicKey: "AAAAC3NzaC1lZDI1NTE5AAAAIEKXEQmZ56G+AAWmqqe7PhNqan2Gp5YgrbDib6RKzwcb" },
		...changes,
	};
}

const STORES: readonly (readonly [name: string, open: (t: TestContext) => Promise<PrincipalStore>])[] = [
	["memory", () => Promise.resolve(new MemoryPrincipalStore())],
	["sqlite", async (t) => (await temporaryStores(t)).principals],
];
for (const [name, open] of STORES) {
	test(`${name}: refuses an id twice and a change of nobody, and nothing was changed`, async (t) => {
		const store = await open(t);
		await store.insert(sample());
		await assert.rejects(store.insert(sample({ name: "another" })), /is taken/);
		await assert.rejects(store.replace(sample({ id: "prn_zzzzzzzz" })), /there is no principal/);
		assert.deepEqual(await store.all(), [sample()]);
	});

	test(`${name}: gives back what was put in, in the order of enrolment, and changes one whole`, async (t) => {
		const store = await open(t);
		const later = sample({ id: "prn_other000", createdAt: 2_000, models: null, groups: ["gpu users", "CN=ops"], expiresAt: 9_000 });
		await store.insert(later);
		await store.insert(sample());
		assert.deepEqual(await store.all(), [sample(), later]);
		const changed = sample({ revokedAt: 4_000, models: [], groups: ["dev"], name: "renamed", role: "reader" });
		await store.replace(changed);
		assert.deepEqual(await store.all(), [changed, later]);
	});
}

test("sqlite: they are there when the state is opened again, beside the keys", async (t) => {
	const stores = await temporaryStores(t);
	await stores.principals.insert(sample());
	await stores.close();
	const again = await temporaryStores(t, { directory: stores.directory });
	assert.deepEqual(await again.principals.all(), [sample()]);
	assert.deepEqual(await again.keys.all(), []);
});
