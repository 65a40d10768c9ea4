import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";

import { endedEvent, startedEvent } from "../../../test/support/sample-events.ts";
import { temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import { temporaryStores } from "../../../test/support/temporary-stores.ts";
import type { UsageDimension } from "../../model/usage-dimension.ts";
import type { UsageQuery } from "../../ports/usage-ledger.ts";
import type { Stores } from "./open-stores.ts";

const NOON = Date.UTC(2026, 9, 30, 12);
const DAY = 86_400_000;
const ALL: UsageQuery = { by: "day", since: null, until: null, limit: 100, offset: 0 };

async function record(stores: Stores, ...ends: readonly Parameters<typeof endedEvent>[0][]): Promise<void> {
	for (const changes of ends) await stores.events.append(endedEvent(changes)).settled;
}

async function shown(stores: Stores, by: UsageDimension, timeZone = "UTC") {
	const { lines } = await stores.usage.report({ ...ALL, by }, timeZone);
	return lines.map(({ of, requests, outputTokens }) => [of, requests, outputTokens]);
}

function alter(directory: string, sql: string): void {
	const database = new DatabaseSync(join(directory, "usage.db"));
	database.exec(sql);
	database.close();
}

test("a table that was altered is not what the log says, and the difference is told", async (context) => {
	const directory = temporaryDirectory(context);
	const stores = await temporaryStores(context, { directory });
	await record(stores, { at: NOON }, { at: NOON, model: "qwen:latest" }, { at: NOON + DAY });
	assert.deepEqual(await stores.usage.recompute("UTC"), { blocks: 3, provableAfter: null, rowsCompared: 3, differences: [] });
	await stores.close();
	alter(directory, "UPDATE usage SET output_tokens = 1 WHERE model = 'qwen:latest'; DELETE FROM usage WHERE period = '2026-10-31'");
	alter(
		directory,
		"INSERT INTO usage SELECT period, 'mallory', groups, model, class, dialect, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1 FROM usage LIMIT 1",
	);
	const again = await temporaryStores(context, { directory });
	const { differences } = await again.usage.recompute("UTC");
	assert.deepEqual(
		differences.map(({ period, principal, model, what }) => [period, principal, model, what]),
		[
			["2026-10-30", "ab12cd34", "qwen:latest", "1 requests and 13 tokens are kept; the log says 1 and 56"],
			["2026-10-30", "mallory", "llama3.2:latest", "9 requests and 0 tokens are kept, of which the log says nothing"],
			["2026-10-31", "ab12cd34", "llama3.2:latest", "1 requests and 56 tokens are in the log and are not kept"],
		],
	);
});

test("a table that is damaged is said to be, and the log goes on", async (context) => {
	const directory = temporaryDirectory(context);
	writeFileSync(join(directory, "usage.db"), "this is no database", { mode: 0o600 });
	const stores = await temporaryStores(context, { directory });
	await assert.rejects(stores.usage.catchUp("UTC"), /usage\.db/);
	await record(stores, { at: NOON });
	assert.equal(stores.events.available, true);
});

test("a time zone that is not one is refused", async (context) => {
	const stores = await temporaryStores(context);
	await assert.rejects(stores.usage.catchUp("Europe/Atlantis"), /time zone/);
});

test("each record is counted once, whoever asks how often", async (context) => {
	const stores = await temporaryStores(context);
	await Promise.all([record(stores, ...Array.from({ length: 20 }, () => ({ at: NOON }))), stores.usage.catchUp("UTC")]);
	await stores.events.append(startedEvent({ at: NOON })).settled;
	await Promise.all([stores.usage.catchUp("UTC"), stores.usage.catchUp("UTC"), shown(stores, "day")]);
	assert.deepEqual(await shown(stores, "day"), [["2026-10-30", 20, 880]]);
	assert.deepEqual(await stores.usage.catchUp("UTC"), { kind: "counted", countedSeq: 21, events: 0 });
});

test("a report says by which part of the log it can be proved", async (context) => {
	const stores = await temporaryStores(context, { sealAfterMs: 1 });
	await record(stores, { at: NOON - DAY }, { at: NOON }, { at: NOON }, { at: NOON + DAY });
	const { record: proof, totals } = await stores.usage.report({ ...ALL, since: "2026-10-30", until: "2026-10-30" }, "UTC");
	assert.equal(totals.requests, 2);
	assert.deepEqual([proof.fromSeq, proof.toSeq, proof.countedSeq, proof.uncounted], [2, 3, 4, 0]);
	assert.ok(proof.checkpoint === null || (proof.checkpoint.seq >= 3 && /^[0-9a-f]{64}$/.test(proof.checkpoint.hash)));
});

test("groups count as the principal had them at the time", async (context) => {
	const stores = await temporaryStores(context);
	await record(stores, { at: NOON, groups: ["red"] }, { at: NOON, groups: ["blue", "red"] }, { at: NOON });
	assert.deepEqual(await shown(stores, "group"), [
		["red", 2, 88],
		[null, 1, 44],
		["blue", 1, 44],
	]);
});

test("months that are over are summed up, and say the same as their days did", async (context) => {
	const stores = await temporaryStores(context);
	const ends = Array.from({ length: 70 }, (_, day) => ({ at: NOON - day * DAY, model: `m${day % 3}` }));
	await record(stores, ...ends);
	const before = await stores.usage.report({ ...ALL, by: "model" }, "UTC");
	assert.equal(await stores.usage.rollUp("2026-10-01"), 30 + 10);
	assert.equal(await stores.usage.rollUp("2026-10-01"), 0);
	const after = await stores.usage.report({ ...ALL, by: "model" }, "UTC");
	assert.deepEqual([after.lines, after.totals, after.record.fromSeq, after.record.toSeq], [before.lines, before.totals, 1, 70]);
	assert.deepEqual((await shown(stores, "day")).slice(0, 3), [
		["2026-08", 10, 440],
		["2026-09", 30, 1_320],
		["2026-10-01", 1, 44],
	]);
	const cut = await stores.usage.report({ ...ALL, since: "2026-09-15" }, "UTC");
	assert.deepEqual([cut.cutMonths, cut.totals.requests], [["2026-09"], 30]);
	// Days alone can be proved; a record that comes late for a month that is summed up is counted all the same.
	await record(stores, { at: NOON - 45 * DAY });
	const { differences, provableAfter } = await stores.usage.recompute("UTC");
	assert.deepEqual([differences, provableAfter], [[], "2026-09-30"]);
	assert.equal((await stores.usage.report(ALL, "UTC")).totals.requests, 71);
});

test("another time zone, another log and an older copy of the log keep what was counted, and say what can still be proved", async (context) => {
	const directory = temporaryDirectory(context);
	const stores = await temporaryStores(context, { directory });
	await record(stores, { at: NOON }, { at: NOON + DAY });
	await stores.usage.catchUp("UTC");
	await stores.close();
	const copy = temporaryDirectory(context);
	cpSync(directory, copy, { recursive: true });

	const zoned = await temporaryStores(context, { directory });
	await record(zoned, { at: NOON + 2 * DAY });
	const compared = await zoned.usage.recompute("Asia/Tokyo");
	assert.deepEqual([compared.provableAfter, compared.rowsCompared, compared.differences], ["2026-10-31", 1, []]);
	await zoned.close();

	// What was counted is two records ahead of the log that is put back.
	cpSync(join(copy, "events.db"), join(directory, "events.db"));
	for (const rest of ["-wal", "-shm"]) rmSync(join(directory, `events.db${rest}`), { force: true });
	const restored = await temporaryStores(context, { directory });
	await record(restored, { at: NOON + 3 * DAY });
	assert.equal((await restored.usage.report(ALL, "Asia/Tokyo")).totals.requests, 4);
	await restored.close();

	for (const rest of ["", "-wal", "-shm"]) rmSync(join(directory, `events.db${rest}`), { force: true });
	const begun = await temporaryStores(context, { directory });
	await record(begun, { at: NOON + 4 * DAY });
	const { totals, record: proof } = await begun.usage.report(ALL, "Asia/Tokyo");
	assert.deepEqual([totals.requests, proof.fromSeq, proof.toSeq], [5, 1, 1]);
	assert.deepEqual((await begun.usage.recompute("Asia/Tokyo")).differences, []);
});

test("a table that is lost is counted again from the log", async (context) => {
	const directory = temporaryDirectory(context);
	const stores = await temporaryStores(context, { directory });
	await record(stores, { at: NOON }, { at: NOON });
	const counted = await shown(stores, "key");
	await stores.close();
	rmSync(join(directory, "usage.db"));
	assert.deepEqual(await shown(await temporaryStores(context, { directory }), "key"), counted);
});

test("killed in the middle of counting, again and again, it has counted every record once", { timeout: 120_000 }, async (context) => {
	const directory = temporaryDirectory(context);
	for (let round = 0; round < 3; round += 1) {
		await killedAfter(context, directory, 2 + round * 5);
		const stores = await temporaryStores(context, { directory });
		const { differences, rowsCompared } = await stores.usage.recompute("UTC");
		assert.deepEqual(differences, [], `round ${round}`);
		assert.ok(rowsCompared > 0);
		const ended = await stores.events.read({ types: ["request-ended"], limit: 100_000 });
		assert.equal((await stores.usage.report(ALL, "UTC")).totals.requests, ended.length);
		await stores.close();
	}
});

/** Lets a process record and count until it has said so often how far it came, and kills it. */
async function killedAfter(context: TestContext, directory: string, times: number): Promise<void> {
	const file = fileURLToPath(new URL("../../../test/support/usage-child.ts", import.meta.url));
	const child = spawn(process.execPath, [file, directory], { stdio: ["ignore", "pipe", "inherit"] });
	context.after(() => child.kill("SIGKILL"));
	let said = 0;
	for await (const line of createInterface({ input: child.stdout })) {
		// From nothing to something: a round in which nothing was counted proves nothing.
		if (line !== "counted 0") said += 1;
		if (said >= times) break;
	}
	const closed = once(child, "exit");
	child.kill("SIGKILL");
	await closed;
}
