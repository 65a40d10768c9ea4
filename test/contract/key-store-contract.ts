/** What every key store promises, whatever it is made of. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import type { ApiKey } from "../../src/model/api-key.ts";
import { Fault } from "../../src/model/fault.ts";
import type { KeyStore } from "../../src/ports/key-store.ts";

/** Opens an empty store, which the test's end closes. */
export type OpenKeyStore = (context: TestContext) => Promise<KeyStore>;

function sampleKey(changes: Partial<ApiKey> = {}): ApiKey {
	return {
		id: "ab12cd34",
		name: "laptop",
		role: "user",
		models: null,
		groups: [],
		createdAt: 1_000,
		expiresAt: null,
		revokedAt: null,
		secrets: [{ mac: "0f".repeat(32), last4: "wXyZ", createdAt: 1_000, expiresAt: null }],
		...changes,
	};
}

export function keyStoreContract(name: string, open: OpenKeyStore): void {
	test(`${name}: refuses a second key with the same id and keeps the first`, async (context) => {
		const store = await open(context);
		await store.insert(sampleKey());
		await assert.rejects(store.insert(sampleKey({ name: "another" })), /ab12cd34 is taken/);
		assert.deepEqual(await store.all(), [sampleKey()]);
	});

	test(`${name}: refuses to replace what is not there`, async (context) => {
		const store = await open(context);
		await assert.rejects(store.replace(sampleKey()), /no key ab12cd34/);
		assert.deepEqual(await store.all(), []);
	});

	test(`${name}: rejects with a fault after closing`, async (context) => {
		const store = await open(context);
		await store.close();
		for (const call of [store.all(), store.insert(sampleKey()), store.replace(sampleKey())]) {
			await assert.rejects(call, (error) => error instanceof Fault && error.code === "key-store-unavailable");
		}
	});

	test(`${name}: gives keys back as they were, in the order of their creation`, async (context) => {
		const store = await open(context);
		const keys = [
			sampleKey({
				id: "00000002",
				createdAt: 2_000,
				name: "Größe 🐑 'quoted'",
				models: [],
				groups: ["gpu users", "CN=ops"],
				expiresAt: 9_000,
				revokedAt: 5_000,
			}),
			sampleKey({ id: "00000001", createdAt: 1_000, models: ["llama3.2:*", "qwen*"] }),
			sampleKey({
				id: "00000003",
				createdAt: 3_000,
				secrets: [...sampleKey().secrets, { mac: "a0".repeat(32), last4: "0000", createdAt: 1, expiresAt: 2 }],
			}),
		];
		for (const key of keys) await store.insert(key);
		assert.deepEqual(
			await store.all(),
			keys.toSorted((one, other) => one.createdAt - other.createdAt),
		);
	});

	test(`${name}: replaces a key whole`, async (context) => {
		const store = await open(context);
		await store.insert(sampleKey({ models: ["llama3.2:*"], groups: ["ops"], expiresAt: 9_000 }));
		await store.insert(sampleKey({ id: "other000", createdAt: 2_000 }));
		const changed = sampleKey({ revokedAt: 4_000, models: null, groups: ["dev"], expiresAt: null, secrets: [] });
		await store.replace(changed);
		assert.deepEqual(await store.all(), [changed, sampleKey({ id: "other000", createdAt: 2_000 })]);
	});
}
