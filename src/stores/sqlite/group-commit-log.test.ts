import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import type { Event } from "../../model/event.ts";
import { Fault } from "../../model/fault.ts";
import type { Committed, NewBlock } from "./event-database.ts";
import { type BlockSink, GROUP_COMMIT_DEFAULTS, GroupCommitLog, type GroupCommitSettings } from "./group-commit-log.ts";

/** A disk that answers when the test says so. */
class HandOperatedSink implements BlockSink {
	readonly commits: { readonly block: NewBlock | null; readonly sealAt: number | null }[] = [];
	readonly #answers: ((failure: Error | null) => void)[] = [];

	commit(block: NewBlock | null, sealAt: number | null): Promise<Committed> {
		this.commits.push({ block, sealAt });
		return new Promise((resolve, reject) => {
			this.#answers.push((failure) => (failure === null ? resolve({ lastSeq: 0, checkpoint: null }) : reject(failure)));
		});
	}

	find(): Promise<never> {
		return Promise.reject(new Error("no query is expected"));
	}

	get unanswered(): number {
		return this.#answers.length;
	}

	/** Names of the events of each commit; a checkpoint alone has none. */
	get written(): string[][] {
		return this.commits.map(({ block }) => (block === null ? [] : block.body.trimEnd().split("\n").map(labelOf)));
	}

	async succeed(): Promise<void> {
		await this.#answer(null);
	}

	async fail(message: string): Promise<void> {
		await this.#answer(new Error(message));
	}

	async #answer(failure: Error | null): Promise<void> {
		const answer = this.#answers.shift();
		assert.ok(answer, "a commit is under way");
		answer(failure);
		await settle();
	}
}

function labelOf(line: string): string {
	const event: unknown = JSON.parse(line);
	assert.ok(typeof event === "object" && event !== null);
	if ("lost" in event) return `recovered, ${String(event.lost)} lost`;
	return "detail" in event ? String(event.detail) : "?";
}

/** Lets promises that are settled run what waits for them. */
async function settle(): Promise<void> {
	for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

interface Rig {
	readonly log: GroupCommitLog;
	readonly sink: HandOperatedSink;
	readonly append: (detail: string) => ReturnType<GroupCommitLog["append"]>;
	/** Lets time pass, in ms; 0 is a turn of the event loop. */
	readonly pass: (ms: number) => Promise<void>;
}

function rig(context: TestContext, changes: Partial<GroupCommitSettings> = {}): Rig {
	const { timers } = context.mock;
	timers.enable({ apis: ["setTimeout", "setImmediate"] });
	let now = 50_000;
	const sink = new HandOperatedSink();
	const log = new GroupCommitLog(sink, { ...GROUP_COMMIT_DEFAULTS, spacingMs: 4, clock: () => now, stopwatch: () => now, ...changes });
	const append = (detail: string) => {
		const event: Event = { type: "fault-raised", at: now, fault: "internal-error", detail };
		return log.append(event);
	};
	const pass = async (ms: number) => {
		for (let passed = 0; passed < ms; passed += 1) {
			now += 1;
			timers.tick(1);
			await settle();
		}
		timers.tick(0);
		await settle();
	};
	return { log, sink, append, pass };
}

const isLogFault = (pattern: RegExp) => (error: unknown) =>
	error instanceof Fault && error.code === "event-log-unavailable" && pattern.test(error.message);

test("rejects whoever waits when a commit fails, and says why", async (context) => {
	const { log, sink, append, pass } = rig(context);
	const flying = append("a");
	await pass(0);
	const queued = append("b");
	await sink.fail("database or disk is full");
	await assert.rejects(flying.settled, isLogFault(/disk is full/));
	await assert.rejects(queued.settled, isLogFault(/disk is full/));
	assert.equal(log.available, false);
	assert.match(log.problem ?? "", /database or disk is full/);
});

test("rejects what is appended while it is unavailable", async (context) => {
	const { sink, append, pass } = rig(context);
	append("a");
	await pass(0);
	await sink.fail("attempt to write a readonly database");
	await assert.rejects(append("b").settled, isLogFault(/readonly/));
});

test("tries again after 250 ms, then ever more seldom, up to 2 s", async (context) => {
	const { sink, append, pass } = rig(context);
	append("a");
	await pass(0);
	for (const waitMs of [250, 500, 1_000, 2_000, 2_000]) {
		const before = sink.commits.length;
		await sink.fail("disk I/O error");
		await pass(waitMs - 1);
		assert.equal(sink.commits.length, before);
		await pass(1);
		assert.equal(sink.commits.length, before + 1);
	}
});

test("writes what came meanwhile when the disk is back, says so in the log, and only then is available", async (context) => {
	const { log, sink, append, pass } = rig(context);
	append("a");
	await pass(0);
	append("b");
	await sink.fail("disk I/O error");
	append("c");
	await pass(250);
	assert.deepEqual(sink.written.at(-1), ["a"]);
	assert.equal(sink.commits.at(-1)?.block?.retried, true);
	await sink.succeed();
	assert.equal(log.available, false);
	assert.deepEqual(sink.written.at(-1), ["b", "c"]);
	await sink.succeed();
	assert.deepEqual(sink.written.at(-1), ["recovered, 0 lost"]);
	assert.equal(log.available, false);
	await sink.succeed();
	assert.equal(log.available, true);
	assert.equal(log.problem, null);
});

test("acknowledges again after a recovery, apart from what was refused before", async (context) => {
	const { sink, append, pass } = rig(context);
	append("a");
	await pass(0);
	await sink.fail("disk I/O error");
	await pass(250);
	await sink.succeed();
	const refused = append("late");
	await sink.succeed();
	const accepted = append("after");
	await pass(4);
	await sink.succeed();
	await pass(4);
	await sink.succeed();
	await assert.rejects(refused.settled);
	await accepted.settled;
	assert.deepEqual(sink.written.slice(-2), [["late"], ["after"]]);
	assert.equal(refused.committed, true);
});

test("counts what it had no room for in the event that says that it is back", async (context) => {
	const { log, sink, append, pass } = rig(context, { pendingEventsMax: 3 });
	append("a");
	await pass(0);
	await sink.fail("disk I/O error");
	for (const detail of ["b", "c", "too many", "too many"]) append(detail);
	await pass(250);
	await sink.succeed();
	await sink.succeed();
	assert.deepEqual(sink.written.slice(-3), [["a"], ["b", "c"], ["recovered, 2 lost"]]);
	await sink.succeed();
	assert.equal(log.available, true);
});

test("counts what was lost while it recovered in a second such event", async (context) => {
	const { log, sink, append, pass } = rig(context, { pendingEventsMax: 1 });
	append("a");
	await pass(0);
	await sink.fail("disk I/O error");
	append("lost");
	await pass(250);
	await sink.succeed();
	append("lost too");
	await sink.succeed();
	assert.equal(log.available, false);
	await sink.succeed();
	assert.deepEqual(sink.written.slice(-2), [["recovered, 1 lost"], ["recovered, 1 lost"]]);
	assert.equal(log.available, true);
});

test("refuses when events come faster than the disk takes them, and recovers when it caught up", async (context) => {
	for (const bound of [{ pendingEventsMax: 2 }, { pendingCharactersMax: 200 }]) {
		await context.test(JSON.stringify(bound), async (inner) => {
			const { log, sink, append, pass } = rig(inner, bound);
			const first = append("a");
			await pass(0);
			append("b");
			await assert.rejects(append("c").settled, isLogFault(/faster than the disk/));
			assert.equal(log.available, false);
			await sink.succeed();
			await first.settled;
			await sink.succeed();
			await sink.succeed();
			assert.equal(log.available, true);
			assert.deepEqual(sink.written, [["a"], ["b"], ["recovered, 1 lost"]]);
		});
	}
});

test("refuses when the disk does not answer at all, and recovers when it does", async (context) => {
	const { log, sink, append, pass } = rig(context, { stallMs: 3_000 });
	const stuck = append("a");
	await pass(0);
	await pass(2_999);
	assert.equal(log.available, true);
	await pass(1);
	assert.match(log.problem ?? "", /has not answered for 3 s/);
	await assert.rejects(stuck.settled, isLogFault(/not answered/));
	await sink.succeed();
	await sink.succeed();
	assert.deepEqual(sink.written, [["a"], ["recovered, 0 lost"]]);
	assert.equal(log.available, true);
	assert.equal(stuck.committed, true);
});

test("gives room back when events are on disk", async (context) => {
	for (const bound of [{ pendingEventsMax: 2 }, { pendingCharactersMax: 300 }]) {
		await context.test(JSON.stringify(bound), async (inner) => {
			const { log, sink, append, pass } = rig(inner, bound);
			for (let round = 0; round < 10; round += 1) {
				const batch = append("a");
				await pass(4);
				await sink.succeed();
				await batch.settled;
			}
			assert.equal(log.available, true);
		});
	}
});

test("begins with short waits again after it has recovered", async (context) => {
	const { log, sink, append, pass } = rig(context);
	append("a");
	await pass(0);
	for (const waitMs of [250, 500]) {
		await sink.fail("disk I/O error");
		await pass(waitMs);
	}
	await sink.succeed();
	await sink.succeed();
	assert.equal(log.available, true);
	append("b");
	await pass(4);
	await sink.fail("disk I/O error");
	const before = sink.commits.length;
	await pass(250);
	assert.equal(sink.commits.length, before + 1);
});

test("rejects close when events could not be written", async (context) => {
	const { log, sink, append } = rig(context);
	const batch = append("a");
	const closed = log.close();
	await settle();
	await sink.fail("database or disk is full");
	await assert.rejects(closed, isLogFault(/disk is full/));
	await assert.rejects(batch.settled, isLogFault(/disk is full/));
});

test("commits the first event after a pause in the same turn of the loop, with all others of that turn", async (context) => {
	const { sink, append, pass } = rig(context);
	const one = append("a");
	const other = append("b");
	assert.equal(sink.commits.length, 0);
	await pass(0);
	assert.deepEqual(sink.written, [["a", "b"]]);
	await sink.succeed();
	await Promise.all([one.settled, other.settled]);
});

test("starts the next commit one spacing after the last one's start", async (context) => {
	const { sink, append, pass } = rig(context, { spacingMs: 4 });
	append("a");
	await pass(0);
	await pass(1);
	await sink.succeed();
	append("b");
	await pass(2);
	assert.equal(sink.commits.length, 1);
	append("c");
	await pass(1);
	assert.deepEqual(sink.written.at(-1), ["b", "c"]);
});

test("never has two commits under way", async (context) => {
	const { sink, append, pass } = rig(context, { eagerEvents: 2 });
	append("a");
	await pass(0);
	for (const detail of ["b", "c", "d"]) append(detail);
	await pass(100);
	assert.equal(sink.unanswered, 1);
	await sink.succeed();
	assert.deepEqual(sink.written, [["a"], ["b", "c", "d"]]);
});

test("does not wait for the spacing when many events wait", async (context) => {
	const { sink, append, pass } = rig(context, { eagerEvents: 3, spacingMs: 1_000 });
	append("a");
	await pass(0);
	await sink.succeed();
	append("b");
	append("c");
	assert.equal(sink.commits.length, 1);
	append("d");
	assert.deepEqual(sink.written.at(-1), ["b", "c", "d"]);
});

test("tells the sink the span of the events' times, and survives times that are none", async (context) => {
	const { log, sink, pass } = rig(context);
	for (const at of [5_000.5, Number.NaN, 7_000.5, Number.POSITIVE_INFINITY, 6_000]) log.append({ type: "log-recovered", at, lost: 0 });
	await pass(0);
	assert.equal(sink.commits[0]?.block?.firstAt, 5_000);
	assert.equal(sink.commits[0]?.block?.lastAt, 7_001);
});

test("seals with the first commit, then a second after the last seal, and not when nothing changed", async (context) => {
	const { sink, append, pass } = rig(context);
	append("a");
	await pass(0);
	await sink.succeed();
	assert.notEqual(sink.commits[0]?.sealAt, null);
	await pass(400);
	append("b");
	await pass(0);
	await sink.succeed();
	assert.equal(sink.commits[1]?.sealAt, null);
	await pass(599);
	assert.equal(sink.commits.length, 2);
	await pass(1);
	assert.equal(sink.commits.length, 3);
	assert.deepEqual(sink.written[2], []);
	assert.equal(sink.commits[2]?.sealAt, 51_000);
	await sink.succeed();
	await pass(5_000);
	assert.equal(sink.commits.length, 3);
});

test("seals after a thousand events, however little time has passed", async (context) => {
	const { sink, append, pass } = rig(context, { eagerEvents: 10_000 });
	append("a");
	await pass(0);
	await sink.succeed();
	for (let index = 0; index < 999; index += 1) append("b");
	await pass(4);
	await sink.succeed();
	append("c");
	await pass(4);
	assert.deepEqual(
		sink.commits.map(({ sealAt }) => sealAt !== null),
		[true, false, true],
	);
});

test("seals a second after a seal that came early, too", async (context) => {
	const { sink, append, pass } = rig(context, { eagerEvents: 10_000 });
	append("a");
	await pass(0);
	await sink.succeed();
	append("b");
	await pass(600);
	await sink.succeed();
	// A thousand events bring their own checkpoint in the middle of that second, and one more comes after it.
	for (let index = 0; index < 1_000; index += 1) append("c");
	await pass(4);
	await sink.succeed();
	assert.notEqual(sink.commits.at(-1)?.sealAt, null);
	append("d");
	await pass(4);
	await sink.succeed();
	const before = sink.commits.length;
	await pass(995);
	assert.equal(sink.commits.length, before);
	await pass(5);
	assert.deepEqual(sink.written.slice(before), [[]]);
});

test("writes what is queued and a last checkpoint when it closes", async (context) => {
	const { log, sink, append, pass } = rig(context);
	append("a");
	await pass(0);
	const queued = append("b");
	const closed = log.close();
	await sink.succeed();
	await sink.succeed();
	await sink.succeed();
	await closed;
	await queued.settled;
	assert.deepEqual(sink.written, [["a"], ["b"], []]);
	assert.notEqual(sink.commits[2]?.sealAt, null);
});
