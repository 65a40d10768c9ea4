import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import { MemoryEventLog } from "../../test/support/memory-event-log.ts";
import { endedEvent } from "../../test/support/sample-events.ts";
import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { temporaryStores } from "../../test/support/temporary-stores.ts";
import { parseConfig } from "../config/parse.ts";
import type { Event } from "../model/event.ts";
import type { EventPruning } from "../ports/event-pruning.ts";
import { Upkeep, type UpkeepSettings } from "./upkeep.ts";
import { verifyEvents } from "./verify-events.ts";

const DAY = 86_400_000;
const START = Date.UTC(2026, 5, 1, 12);
const NOW = START + 100 * DAY;

function settings(yaml: string): UpkeepSettings {
	const parsed = parseConfig(yaml, "f");
	assert.ok("config" in parsed, JSON.stringify(parsed));
	return parsed.config;
}

/** A hundred days of one request each. */
async function world(context: TestContext, yaml: string, pruning: Partial<EventPruning> = {}) {
	const directory = temporaryDirectory(context);
	const stores = await temporaryStores(context, { directory, clock: () => NOW, spacingMs: 0, sealAfterMs: 0 });
	for (let day = 0; day < 100; day += 1) await stores.events.append(endedEvent({ at: START + day * DAY })).settled;
	const told: Event[] = [];
	const upkeep = new Upkeep(settings(yaml), {
		usage: stores.usage,
		pruning: { plan: (...given) => stores.pruning.plan(...given), prune: (...given) => stores.pruning.prune(...given), ...pruning },
		events: stores.events,
		record: (event) => void told.push(event),
		clock: () => NOW,
	});
	context.after(() => upkeep[Symbol.dispose]());
	const reported = async () => (await stores.usage.report({ by: "day", since: null, until: null, limit: 1_000, offset: 0 }, "UTC")).lines;
	return { stores, upkeep, directory, told, reported };
}

test("with unlimited retention nothing is removed", async (context) => {
	const { stores, upkeep, reported } = await world(context, "events: { retention: unlimited }\nusage: { retention: unlimited }");
	await upkeep.look(NOW + 5_000 * DAY);
	assert.equal((await stores.events.read({ limit: 1_000 })).length, 100);
	assert.equal((await reported()).length, 100);
});

test("nothing is removed that is not on record as removed", async (context) => {
	const pruned: string[] = [];
	const { stores, upkeep } = await world(context, "events: { retention: 30d }", {
		prune: () => (pruned.push("pruned"), Promise.resolve(0)),
	});
	await stores.close();
	await assert.rejects(upkeep.look(NOW));
	assert.deepEqual(pruned, []);
});

test("what is older than the retention goes, on record and once a day; usage stays", async (context) => {
	const { stores, upkeep, directory, reported } = await world(context, "events: { retention: 30d }");
	await upkeep.look(NOW);
	const [event, ...others] = (await stores.events.read({ types: ["events-pruned"], limit: 10 })).map((one) => one.event);
	assert.ok(event?.type === "events-pruned" && others.length === 0);
	assert.deepEqual([event.throughSeq, event.throughAt, event.retentionMs], [70, START + 69 * DAY, 30 * DAY]);
	const verified = await verifyEvents(directory);
	assert.deepEqual(
		[verified.intact, verified.records, verified.since, verified.prunedAt],
		[true, 31, { seq: 71, at: START + 70 * DAY }, NOW],
	);
	assert.equal((await reported()).length, 100);
	await upkeep.look(NOW + 2 * 3_600_000);
	assert.equal((await stores.events.read({ types: ["events-pruned"], limit: 10 })).length, 1);
	await upkeep.look(NOW + DAY);
	assert.equal((await verifyEvents(directory)).since?.seq, 72);
});

test("a shorter retention counts with the next look", async (context) => {
	const { upkeep, directory } = await world(context, "events: { retention: 30d }");
	await upkeep.look(NOW);
	upkeep.adjust(settings("events: { retention: 10d }"));
	await upkeep.look(NOW + 1);
	assert.equal((await verifyEvents(directory)).since?.seq, 92);
});

test("the days of months that are older than their retention are summed up", async (context) => {
	const { upkeep, reported } = await world(context, "usage: { retention: 40d }");
	await upkeep.look(NOW);
	const lines = (await reported()).map(({ of, requests }) => [of, requests]);
	assert.deepEqual(lines.slice(0, 2), [
		["2026-06", 30],
		["2026-07-01", 1],
	]);
});

const HOUR = 3_600_000;

/** One whose clock the test sets, with what it asked for in the order in which it did. */
function ticking(context: TestContext, yaml: string) {
	context.mock.timers.enable({ apis: ["setInterval"] });
	const asked: string[] = [];
	const told: Event[] = [];
	const world = { now: NOW, failure: null as Error | null, busy: Promise.resolve() };
	const ask = async <T>(what: string, answer: T): Promise<T> => {
		asked.push(what);
		if (world.failure !== null) throw world.failure;
		await world.busy;
		return answer;
	};
	const never = (): Promise<never> => Promise.reject(new Error("nobody asks for it"));
	const upkeep = new Upkeep(settings(yaml), {
		usage: {
			catchUp: () => ask("count", { countedSeq: 0, events: 0 }),
			rollUp: (day) => ask(`roll up ${day}`, 0),
			report: never,
			recompute: never,
		},
		pruning: { plan: (before) => ask(`plan ${(NOW - before) / DAY}`, null), prune: never },
		events: new MemoryEventLog(),
		record: (event) => void told.push(event),
		clock: () => world.now,
	});
	context.after(() => upkeep[Symbol.dispose]());
	/** So much later it ticks for so many minutes; returns what it then asked for. */
	const pass = async (ms: number, ticks = 12): Promise<readonly string[]> => {
		asked.length = 0;
		world.now += ms;
		for (let tick = 0; tick < ticks; tick += 1) {
			context.mock.timers.tick(5_000);
			for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
		}
		return [...asked];
	};
	return { world, told, pass, upkeep };
}

test("usage is counted after five seconds and every minute; days and old events are looked at after a minute, then every hour", async (context) => {
	const { pass } = ticking(context, "events: { retention: 30d }\nusage: { retention: 40d }");
	assert.deepEqual(await pass(5_000, 1), ["count"]);
	assert.deepEqual(await pass(0, 11), []);
	assert.deepEqual(await pass(0, 1), ["count"]);
	assert.deepEqual(await pass(55_000, 1), ["count", "roll up 2026-07-31", "plan 29.999305555555555"]);
	assert.deepEqual(await pass(HOUR - 1), ["count"]);
	// What is removed goes once a day.
	assert.deepEqual(await pass(1, 1), ["count", "roll up 2026-07-31"]);
});

test("a clock that is set ahead by years removes nothing for a day, and one that is set right again does not keep it from its work", async (context) => {
	const { pass } = ticking(context, "events: { retention: 30d }\nusage: { retention: 40d }");
	const years = 4_000 * DAY;
	assert.deepEqual(await pass(years), ["count"]);
	assert.deepEqual(await pass(20 * HOUR), ["count"]);
	// It is believed by then, and all the same not forever.
	assert.equal((await pass(20 * HOUR)).length, 3);
	assert.deepEqual(await pass(-years), ["count"]);
	for (let hour = 1; hour < 24; hour += 1) assert.deepEqual(await pass(HOUR), ["count"]);
	const [, rolledUp, planned] = await pass(HOUR);
	assert.match(`${rolledUp} ${planned}`, /^roll up 2026-08-03 plan /);
});

test("one thing at a time: while the store counts, nothing more is asked of it", async (context) => {
	const { world, pass } = ticking(context, "");
	const counting = Promise.withResolvers<void>();
	world.busy = counting.promise;
	assert.deepEqual(await pass(5_000), ["count"]);
	assert.deepEqual(await pass(5_000), []);
	counting.resolve();
	await pass(0);
	assert.deepEqual(await pass(5_000), ["count"]);
});

test("what fails is told once until it works again", async (context) => {
	const { world, told, pass } = ticking(context, "");
	world.failure = new Error("the disk is full");
	await pass(5_000);
	await pass(5_000);
	assert.deepEqual(
		told.map((event) => (event.type === "fault-raised" ? [event.fault, event.detail] : [])),
		[["internal-error", "usage cannot be counted, or old events removed: the disk is full"]],
	);
	world.failure = null;
	await pass(5_000);
	world.failure = new Error("again");
	await pass(5_000);
	assert.equal(told.length, 2);
});

test("once it is closed it asks for nothing more", async (context) => {
	const { pass, upkeep } = ticking(context, "");
	upkeep[Symbol.dispose]();
	assert.deepEqual(await pass(HOUR), []);
});
