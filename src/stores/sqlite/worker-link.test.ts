import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import { startedEvent } from "../../../test/support/sample-events.ts";
import { temporaryStores } from "../../../test/support/temporary-stores.ts";
import { Fault } from "../../model/fault.ts";
import { type BlockSink, GROUP_COMMIT_DEFAULTS, GroupCommitLog } from "./group-commit-log.ts";
import { verifyChain } from "./verify-chain.ts";
import { WorkerLink } from "./worker-link.ts";
import { workerSink } from "./worker-sink.ts";

interface KillableLog {
	readonly link: WorkerLink;
	readonly sink: BlockSink;
	readonly log: GroupCommitLog;
	readonly directory: string;
	/** The worker dies with the next commit, before it can hear of it. */
	readonly killOnCommit: () => void;
}

async function killableLog(context: TestContext): Promise<KillableLog> {
	const stores = await temporaryStores(context);
	const { directory } = stores;
	await stores.close();
	const link = new WorkerLink({ directory }, Date.now);
	const sink = workerSink(link);
	let killing = false;
	const killable: BlockSink = {
		find: (query) => sink.find(query),
		commit: (block, sealAt) => {
			const killed = killing ? link.kill() : Promise.resolve();
			killing = false;
			return Promise.all([sink.commit(block, sealAt), killed]).then(([committed]) => committed);
		},
	};
	const log = new GroupCommitLog(killable, { ...GROUP_COMMIT_DEFAULTS, clock: Date.now, stopwatch: () => performance.now() });
	context.after(() => link.close());
	const killOnCommit = () => {
		killing = true;
	};
	return { link, sink, log, directory, killOnCommit };
}

test("rejects what a worker that died was asked, then starts another one and loses nothing", async (context) => {
	const { log, directory, killOnCommit } = await killableLog(context);
	await log.append(startedEvent({ request: "before" })).settled;
	killOnCommit();
	await assert.rejects(
		log.append(startedEvent({ request: "caught" })).settled,
		(error) => error instanceof Fault && /worker ended/.test(error.message),
	);
	assert.equal(log.available, false);
	await recovered(log);
	await log.append(startedEvent({ request: "after" })).settled;
	await log.close();
	const read = await log.read({ limit: 10 });
	assert.deepEqual(
		read.map(({ event }) => ("request" in event ? event.request : event.type)),
		["before", "caught", "log-recovered", "after"],
	);
	assert.equal((await verifyChain({ directory })).firstProblem, null);
});

test("does not write a block twice when its commit reached the disk, but the answer did not come", async (context) => {
	const { link, sink, log, directory } = await killableLog(context);
	await log.append(startedEvent()).settled;
	const block = { body: `${JSON.stringify(startedEvent({ request: "once" }))}\n`, count: 1, firstAt: 1_000, lastAt: 1_000, retried: false };
	await sink.commit(block, null);
	await link.kill();
	const { lastSeq } = await sink.commit({ ...block, retried: true }, 2_000);
	assert.equal(lastSeq, 2);
	await log.close();
	assert.equal((await verifyChain({ directory })).events, 2);
});

test("answers queries while it commits, in slices", async (context) => {
	const { link, log } = await killableLog(context);
	for (let index = 0; index < 2_000; index += 1) log.append(startedEvent({ request: `r${index}`, at: index }));
	await log.append(startedEvent({ request: "last" })).settled;
	const reads = Array.from({ length: 20 }, () => log.read({ limit: 5_000 }));
	const batches = Array.from({ length: 20 }, () => log.append(startedEvent()));
	await Promise.all(batches.map(({ settled }) => settled));
	for (const records of await Promise.all(reads)) assert.ok(records.length >= 2_001);
	await log.close();
	await link.close();
});

async function recovered(log: GroupCommitLog): Promise<void> {
	while (!log.available) await new Promise((resolve) => setImmediate(resolve));
}
