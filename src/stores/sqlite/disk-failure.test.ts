import assert from "node:assert/strict";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

import { StoreProcess } from "../../../test/support/store-process.ts";
import { temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import { temporaryStores } from "../../../test/support/temporary-stores.ts";
import { limitedDisk, type TinyDisk, tinyDisk } from "../../../test/support/tiny-disk.ts";
import { KeyMac } from "../../keys/key-mac.ts";
import { MemoryKeyRing } from "../../keys/key-ring.ts";
import type { RecordedEvent } from "../../ports/event-log.ts";
import { verifyChain } from "./verify-chain.ts";

test("fails closed on a full disk, says why, and recovers without losing anything acknowledged", { timeout: 60_000 }, async (context) => {
	await failAndRecover(context, await tinyDisk(context));
});

test("does the same on an I/O error", { timeout: 60_000 }, async (context) => {
	await failAndRecover(context, limitedDisk(context));
});

test("stays closed while the log is read-only, says so, and recovers when it is not", { timeout: 60_000 }, async (context) => {
	const disk = await tinyDisk(context);
	const user = new StoreProcess(context, { directory: disk.directory, name: "user", wrap: (command) => disk.wrap(command) });
	await user.until(() => user.events.length > 20);
	// A failure makes the worker open the file anew, which is when read-only shows; an open file goes on being writable.
	disk.fill(user);
	await user.until(() => user.spells.length > 0);
	disk.forbidWriting("events.db");
	disk.free(user);
	await user.until(() => disk.readOnly.test(user.spells.at(-1) ?? ""));
	const acknowledged = user.events.length;
	disk.allowWriting("events.db");
	await user.until(() => user.spells.at(-1) === "available" && user.events.length > acknowledged);
	await user.end();
	await assertNothingLost(context, disk, user);
});

async function failAndRecover(context: TestContext, disk: TinyDisk): Promise<void> {
	const user = new StoreProcess(context, { directory: disk.directory, name: "user", wrap: (command) => disk.wrap(command) });
	await user.until(() => user.events.length > 50 && user.keys.length > 2);
	disk.fill(user);
	await user.until(() => user.spells.length > 0);
	assert.match(user.spells[0] ?? "", disk.full);
	const acknowledged = user.events.length;
	disk.free(user);
	await user.until(() => user.spells.at(-1) === "available" && user.events.length > acknowledged + 50);
	await user.end();
	const records = await assertNothingLost(context, disk, user);
	assert.ok(records.some(({ event }) => event.type === "log-recovered"));
}

async function assertNothingLost(context: TestContext, disk: TinyDisk, user: StoreProcess): Promise<readonly RecordedEvent[]> {
	assert.equal(user.child.exitCode, 0, user.stderr);
	const directory = temporaryDirectory(context);
	cpSync(disk.seen, directory, { recursive: true });
	rmSync(join(directory, "ballast"), { force: true });
	assert.equal((await verifyChain({ directory })).firstProblem, null);
	const stores = await temporaryStores(context, { directory });
	const records = await stores.events.read({ limit: 100_000 });
	const requests = records.flatMap(({ event }) => ("request" in event ? [event.request] : []));
	const written = new Set(requests);
	assert.equal(written.size, requests.length, "no event is in the log twice");
	assert.deepEqual(
		user.events.filter((request) => !written.has(request)),
		[],
	);
	const ring = new MemoryKeyRing(new KeyMac(stores.pepper));
	ring.load(await stores.keys.all());
	assert.deepEqual(
		user.keys.filter((text) => !("principal" in ring.verify(text, 2_000))),
		[],
	);
	return records;
}
