/** What every event log promises, whatever it is made of. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import fc from "fast-check";

import type { Event, EventType } from "../../src/model/event.ts";
import { Fault } from "../../src/model/fault.ts";
import type { EventLog, EventQuery } from "../../src/ports/event-log.ts";
import { endedEvent, keyEvent, startedEvent } from "../support/sample-events.ts";

/** Opens an empty log, which the test's end closes. */
export type OpenEventLog = (context: TestContext) => Promise<EventLog>;

const ALL = { limit: 1_000 };

export function eventLogContract(name: string, open: OpenEventLog): void {
	test(`${name}: refuses what is appended after closing, without an exception or an unhandled rejection`, async (context) => {
		const log = await open(context);
		await log.close();
		const batch = log.append(keyEvent());
		// Two turns of the loop: by then an unhandled rejection would have ended this process.
		await new Promise((resolve) => setImmediate(resolve));
		await new Promise((resolve) => setImmediate(resolve));
		assert.equal(batch.committed, false);
		await assert.rejects(batch.settled, (error) => error instanceof Fault && error.code === "event-log-unavailable");
	});

	test(`${name}: is available and empty when new`, async (context) => {
		const log = await open(context);
		assert.equal(log.available, true);
		assert.equal(log.problem, null);
		assert.deepEqual(await log.read(ALL), []);
	});

	test(`${name}: numbers events from 1 without gaps and reads them back as they were`, async (context) => {
		const log = await open(context);
		const events = [keyEvent(), startedEvent({ path: '/"quoted"\\ \n line', userAgent: "smörgås 🐑 \u2028" }), endedEvent({ usage: null })];
		for (const event of events) await log.append(event).settled;
		assert.deepEqual(
			await log.read(ALL),
			events.map((event, index) => ({ seq: index + 1, event })),
		);
	});

	test(`${name}: says that a batch is committed when it has settled, and not before`, async (context) => {
		const log = await open(context);
		const batch = log.append(keyEvent());
		assert.equal(batch.committed, false);
		await batch.settled;
		assert.equal(batch.committed, true);
	});

	test(`${name}: keeps the order of events that are appended without waiting`, async (context) => {
		const log = await open(context);
		const batches = Array.from({ length: 300 }, (_, index) => log.append(startedEvent({ request: `r${index}` })));
		await Promise.all(batches.map((batch) => batch.settled));
		const read = await log.read(ALL);
		assert.deepEqual(
			read.map(({ seq, event }) => [seq, "request" in event ? event.request : null]),
			Array.from({ length: 300 }, (_, index) => [index + 1, `r${index}`]),
		);
	});

	test(`${name}: writes what is queued when it closes`, async (context) => {
		const log = await open(context);
		const batch = log.append(keyEvent());
		await log.close();
		assert.equal(batch.committed, true);
	});

	test(`${name}: does not let a later change of an event's object change the record`, async (context) => {
		const log = await open(context);
		const event = { ...keyEvent() };
		const batch = log.append(event);
		Object.assign(event, { name: "changed" });
		await batch.settled;
		assert.deepEqual(
			(await log.read(ALL)).map((record) => record.event),
			[keyEvent()],
		);
	});

	test(`${name}: answers every query as a plain filter over all events would`, async (context) => {
		const log = await open(context);
		const events = Array.from({ length: 120 }, (_, index) => sampleEvent(index));
		for (const [index, event] of events.entries()) {
			const batch = log.append(event);
			// Some alone, some together.
			if (index % 7 === 0) await batch.settled;
		}
		await log.append(keyEvent({ at: 5_000 })).settled;
		events.push(keyEvent({ at: 5_000 }));
		for (let seq = 1; seq <= events.length; seq += 1) {
			const at = events[seq - 1]?.at ?? 0;
			for (const query of [
				{ afterSeq: seq, limit: 1_000 },
				{ beforeSeq: seq, limit: 1_000 },
				{ afterSeq: seq, beforeSeq: seq + 30, limit: 10 },
				{ since: at, until: at, limit: 1_000 },
				{ since: at, limit: 2 },
				{ until: at, limit: 2 },
			]) {
				assert.deepEqual(await log.read(query), filtered(events, query), JSON.stringify(query));
			}
		}
		await fc.assert(
			fc.asyncProperty(QUERIES, async (query) => {
				assert.deepEqual(await log.read(query), filtered(events, query));
			}),
			{ numRuns: 150 },
		);
	});
}

/** Times go up, but not always: clocks are set back. */
function sampleEvent(index: number): Event {
	const at = 1_000 + index * 10 - (index % 13 === 0 ? 400 : 0);
	const principal = index % 5 === 0 ? null : `principal-${index % 3}`;
	if (index % 11 === 0) return keyEvent({ at });
	return index % 2 === 0 ? startedEvent({ at, principal, request: `r${index}` }) : endedEvent({ at, principal, request: `r${index - 1}` });
}

const TYPES: readonly EventType[] = ["request-started", "request-ended", "key-created", "server-started"];
const QUERIES: fc.Arbitrary<EventQuery> = fc.record(
	{
		afterSeq: fc.integer({ min: 0, max: 130 }),
		beforeSeq: fc.integer({ min: 0, max: 130 }),
		since: fc.integer({ min: 500, max: 2_500 }),
		until: fc.integer({ min: 500, max: 2_500 }),
		types: fc.subarray([...TYPES]),
		principal: fc.constantFrom("principal-0", "principal-1", "nobody", "request-started"),
		request: fc.constantFrom("r4", "r10", "r88", "r9999"),
		limit: fc.constantFrom(0, 1, 3, 50, 1_000),
	},
	{ requiredKeys: ["limit"] },
);

function filtered(events: readonly Event[], query: EventQuery): readonly { seq: number; event: Event }[] {
	const matching = events
		.map((event, index) => ({ seq: index + 1, event }))
		.filter(({ seq }) => seq > (query.afterSeq ?? 0) && seq < (query.beforeSeq ?? Number.MAX_SAFE_INTEGER))
		.filter(({ event }) => event.at >= (query.since ?? 0) && event.at <= (query.until ?? Number.MAX_SAFE_INTEGER))
		.filter(({ event }) => query.types === undefined || query.types.includes(event.type))
		.filter(({ event }) => query.principal === undefined || ("principal" in event && event.principal === query.principal))
		.filter(({ event }) => query.request === undefined || ("request" in event && event.request === query.request));
	return matching.slice(Math.max(0, matching.length - query.limit));
}
