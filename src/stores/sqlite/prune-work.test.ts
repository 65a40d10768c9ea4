import assert from "node:assert/strict";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";

import { endedEvent } from "../../../test/support/sample-events.ts";
import { temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import { temporaryStores } from "../../../test/support/temporary-stores.ts";
import type { PruningPlan } from "../../ports/event-pruning.ts";
import type { ExportedCheckpoint } from "./chain.ts";
import type { Stores } from "./open-stores.ts";
import { verifyChain } from "./verify-chain.ts";

const DAY = 86_400_000;
const START = Date.UTC(2026, 9, 1, 12);
const DAYS = 10;
const RETENTION = 4 * DAY;
const NOW = START + DAYS * DAY;

interface World {
	readonly stores: Stores;
	readonly directory: string;
	readonly checkpoints: ExportedCheckpoint[];
}

/** Ten days of three requests each, one block a request; a checkpoint after each. */
async function filled(context: TestContext): Promise<World> {
	const directory = temporaryDirectory(context);
	const checkpoints: ExportedCheckpoint[] = [];
	const stores = await temporaryStores(context, {
		directory,
		clock: () => NOW,
		spacingMs: 0,
		sealAfterMs: 0,
		onCheckpoint: (checkpoint) => checkpoints.push(checkpoint),
	});
	for (let day = 0; day < DAYS; day += 1)
		for (let request = 0; request < 3; request += 1)
			await stores.events.append(endedEvent({ at: START + day * DAY + request, request: `${day}-${request}` })).settled;
	return { stores, directory, checkpoints };
}

async function record(stores: Stores, plan: PruningPlan): Promise<void> {
	await stores.events.append({ type: "events-pruned", at: NOW, ...plan, retentionMs: RETENTION }).settled;
}

async function pruned(context: TestContext): Promise<World & { readonly plan: PruningPlan }> {
	const world = await filled(context);
	const plan = await world.stores.pruning.plan(NOW - RETENTION, "UTC");
	assert.ok(plan !== null);
	await record(world.stores, plan);
	await world.stores.pruning.prune(plan, "UTC");
	return { ...world, plan };
}

function alter(directory: string, ...statements: string[]): void {
	const database = new DatabaseSync(join(directory, "events.db"));
	for (const statement of statements) database.exec(statement);
	database.close();
}

async function closedCopy(context: TestContext, { stores, directory }: World): Promise<string> {
	await stores.close();
	const copy = temporaryDirectory(context);
	cpSync(directory, copy, { recursive: true });
	return copy;
}

test("a beginning that is missing without a record of it is a problem, whatever else fits", async (context) => {
	const world = await filled(context);
	const copy = await closedCopy(context, world);
	alter(copy, "DELETE FROM blocks WHERE first_seq BETWEEN 1 AND 9", "DELETE FROM checkpoints WHERE number > 1 AND seq < 9");
	const { ok, firstProblem } = await verifyChain({ directory: copy });
	assert.equal(ok, false);
	assert.match(firstProblem?.what ?? "", /events 1 to 9 are missing, and no sealed record says that they were pruned/);
});

test("more than the record allows is a problem: blocks, checkpoints, and the record itself", async (context) => {
	const world = await pruned(context);
	const { throughSeq } = world.plan;
	const original = await closedCopy(context, world);
	assert.equal((await verifyChain({ directory: original })).ok, true);
	for (const [what, ...statements] of [
		["one block more", `DELETE FROM blocks WHERE first_seq = ${throughSeq + 1}`],
		[
			"one block more, with its checkpoints",
			`DELETE FROM blocks WHERE first_seq BETWEEN 1 AND ${throughSeq + 1}`,
			`DELETE FROM checkpoints WHERE number > 1 AND seq < ${throughSeq + 1}`,
		],
		["the checkpoint that is kept", `DELETE FROM checkpoints WHERE seq = ${throughSeq}`],
		["a block in the middle", `DELETE FROM blocks WHERE first_seq = ${throughSeq + 4}`],
		[
			"everything up to the record",
			"DELETE FROM blocks WHERE first_seq > 0 AND first_seq <= 31",
			"DELETE FROM checkpoints WHERE number > 1 AND seq < 31",
		],
		["the genesis", "DELETE FROM blocks WHERE first_seq = 0"],
		["the checkpoint of the genesis", "DELETE FROM checkpoints WHERE number = 1"],
	] as const) {
		const copy = temporaryDirectory(context);
		cpSync(original, copy, { recursive: true });
		alter(copy, ...statements);
		assert.equal((await verifyChain({ directory: copy })).ok, false, what);
	}
});

test("a record that no checkpoint covers allows nothing", async (context) => {
	const world = await filled(context);
	const plan = await world.stores.pruning.plan(NOW - RETENTION, "UTC");
	assert.ok(plan !== null);
	await record(world.stores, plan);
	const copy = await closedCopy(context, world);
	alter(
		copy,
		`DELETE FROM blocks WHERE first_seq BETWEEN 1 AND ${plan.throughSeq}`,
		`DELETE FROM checkpoints WHERE number > 1 AND seq < ${plan.throughSeq}`,
	);
	assert.equal((await verifyChain({ directory: copy })).ok, true);
	alter(copy, "DELETE FROM checkpoints WHERE seq >= 31");
	assert.equal((await verifyChain({ directory: copy })).ok, false);
});

test("nothing is planned where nothing is old enough, or where it is gone already", async (context) => {
	const { stores, plan } = await pruned(context);
	assert.equal(await stores.pruning.plan(START, "UTC"), null);
	assert.equal(await stores.pruning.plan(NOW - RETENTION, "UTC"), null);
	assert.equal(await stores.pruning.prune(plan, "UTC"), 0);
});

test("what is older than the retention goes, the rest is proved as before, and the record says from when on it exists", async (context) => {
	const { stores, directory, plan, checkpoints } = await pruned(context);
	// Six days of three.
	assert.deepEqual([plan.throughSeq, plan.throughAt], [18, START + 5 * DAY + 2]);
	const kept = await stores.events.read({ limit: 1_000 });
	assert.deepEqual([kept[0]?.seq, kept.length, kept.at(-1)?.event.type], [19, 13, "events-pruned"]);
	const report = await verifyChain({ directory });
	assert.deepEqual([report.firstProblem, report.events, report.first, report.prunedAt], [null, 13, { seq: 19, at: START + 6 * DAY }, NOW]);
	assert.deepEqual(
		checkpoints.map(({ number }) => number),
		checkpoints.map((_, index) => index + 2),
	);

	const [before, at, after] = [17, 18, 25].map((seq) => checkpoints.find((one) => one.seq === seq));
	assert.ok(before && at && after);
	assert.match((await verifyChain({ directory, witness: before })).firstProblem?.what ?? "", /was pruned: use a later checkpoint/);
	assert.equal((await verifyChain({ directory, witness: at })).ok, true);
	assert.equal((await verifyChain({ directory, witness: after })).ok, true);
	assert.equal((await verifyChain({ directory, witness: { ...at, hash: after.hash } })).ok, false);
});

test("the record of it is sealed before anything goes, however seldom checkpoints are made", async (context) => {
	const { stores: first, directory } = await filled(context);
	await first.close();
	const stores = await temporaryStores(context, { directory, clock: () => NOW, sealAfterMs: 3_600_000 });
	await stores.events.append(endedEvent({ at: NOW })).settled;
	const plan = await stores.pruning.plan(NOW - RETENTION, "UTC");
	assert.ok(plan !== null);
	await record(stores, plan);
	await stores.pruning.prune(plan, "UTC");
	const report = await verifyChain({ directory });
	assert.deepEqual([report.firstProblem, report.first?.seq, report.sealedSeq], [null, 19, 32]);
});

test("it opens, goes on and is pruned again, and what was counted stays", async (context) => {
	const { stores, directory } = await pruned(context);
	await stores.close();
	const again = await temporaryStores(context, { directory, clock: () => NOW, sealAfterMs: 0 });
	await again.events.append(endedEvent({ at: NOW })).settled;
	const plan = await again.pruning.plan(NOW - DAY, "UTC");
	assert.deepEqual(plan === null ? null : plan.throughSeq, 27);
	if (plan === null) return;
	await record(again, plan);
	await again.pruning.prune(plan, "UTC");
	const report = await verifyChain({ directory });
	assert.deepEqual([report.firstProblem, report.first?.seq], [null, 28]);
	const { totals } = await again.usage.report({ by: "day", since: null, until: null, limit: 10, offset: 0 }, "UTC");
	assert.equal(totals.requests, 31);
	const { differences, provableAfter, rowsCompared } = await again.usage.recompute("UTC");
	assert.deepEqual([differences, provableAfter, rowsCompared], [[], "2026-10-09", 2]);
});

test("broken off in the middle of removing, the log is proved, and the rest goes the next time", async (context) => {
	const world = await filled(context);
	const plan = await world.stores.pruning.plan(NOW - RETENTION, "UTC");
	assert.ok(plan !== null);
	await record(world.stores, plan);
	const directory = await closedCopy(context, world);
	// As one transaction of several leaves it.
	alter(directory, "DELETE FROM blocks WHERE first_seq BETWEEN 1 AND 7", "DELETE FROM checkpoints WHERE number > 1 AND seq < 7");
	const report = await verifyChain({ directory });
	assert.deepEqual([report.firstProblem, report.first?.seq], [null, 8]);
	const stores = await temporaryStores(context, { directory, clock: () => NOW, sealAfterMs: 0 });
	const rest = await stores.pruning.plan(NOW - RETENTION, "UTC");
	assert.deepEqual([rest?.throughSeq, rest?.checkpoint], [plan.throughSeq, plan.checkpoint]);
	assert.equal(await stores.pruning.prune(plan, "UTC"), 11);
	assert.equal((await verifyChain({ directory })).first?.seq, 19);
});

test("what was removed stands nowhere in the file any more", async (context) => {
	const world = await pruned(context);
	const copy = await closedCopy(context, world);
	const database = new DatabaseSync(join(copy, "events.db"));
	const held = database.prepare("SELECT count(*) AS held FROM blocks WHERE instr(CAST(body AS TEXT), '\"0-1\"') > 0").get();
	database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
	database.close();
	assert.equal(held?.["held"], 0);
	assert.equal(readFileSync(join(copy, "events.db")).includes('"request":"0-1"'), false);
	assert.equal(readFileSync(join(copy, "events.db")).includes('"request":"9-1"'), true);
});
