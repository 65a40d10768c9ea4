import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";

import { StoreProcess } from "../../../test/support/store-process.ts";
import { temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import { temporaryStores } from "../../../test/support/temporary-stores.ts";
import { KeyMac } from "../../keys/key-mac.ts";
import { MemoryKeyRing } from "../../keys/key-ring.ts";
import { StateFiles } from "./state-files.ts";
import { verifyChain } from "./verify-chain.ts";

const ROUNDS = 12;

test("loses no acknowledged event or key when it is killed under load, again and again", { timeout: 120_000 }, async (context) => {
	const directory = temporaryDirectory(context);
	const files = new StateFiles(directory);
	const events: string[] = [];
	const keys: string[] = [];
	for (let round = 0; round < ROUNDS; round += 1) {
		const child = new StoreProcess(context, { directory, name: `round-${round}` });
		// Sooner and later after the start, in the middle of whatever is under way: the first acknowledgement, or the hundredth.
		const enough = 1 + ((round * 37) % 150);
		await child.until(() => child.events.length >= enough && (round % 3 !== 0 || child.keys.length > 0));
		await child.kill();
		events.push(...child.events);
		keys.push(...child.keys);
		const { firstProblem } = await verifyChain({ directory });
		assert.equal(firstProblem, null, `round ${round}`);
		for (const file of [files.events, files.keys]) assert.equal(integrityOf(file), "ok", `round ${round}`);
	}

	const stores = await temporaryStores(context, { directory });
	const records = await stores.events.read({ limit: 100_000 });
	assert.deepEqual(
		records.map(({ seq }) => seq),
		records.map((_, index) => index + 1),
	);
	const requests = records.flatMap(({ event }) => ("request" in event ? [event.request] : []));
	const written = new Set(requests);
	assert.deepEqual(
		events.filter((request) => !written.has(request)),
		[],
	);
	assert.equal(written.size, requests.length, "no event is in the log twice");

	const ring = new MemoryKeyRing(new KeyMac(stores.pepper));
	ring.load(await stores.keys.all());
	assert.deepEqual(
		keys.filter((text) => !("principal" in ring.verify(text, 2_000))),
		[],
	);
	assert.ok(events.length > ROUNDS && keys.length > 0, `${events.length} events and ${keys.length} keys were acknowledged`);
});

function integrityOf(file: string): unknown {
	const database = new DatabaseSync(file);
	try {
		return database.prepare("PRAGMA integrity_check").get()?.["integrity_check"];
	} finally {
		database.close();
	}
}
