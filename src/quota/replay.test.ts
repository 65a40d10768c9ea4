import assert from "node:assert/strict";
import { test } from "node:test";

import { budgetsSpec, charge, NOON, principal, standing, testedLedger } from "../../test/support/budgets.ts";
import { endedEvent, startedEvent } from "../../test/support/sample-events.ts";
import type { Event, RequestEnded, RequestStarted } from "../model/event.ts";
import { NO_GROUPS } from "../model/principal.ts";
import type { OpenRequest } from "../ports/budget-store.ts";
import { factsOf } from "./ledger.ts";
import { Replay } from "./replay.ts";

const RESERVED = { ...charge(40, 60), kind: "api-key", groups: NO_GROUPS } as const;

function started(changes: Partial<RequestStarted> = {}): Event {
	return startedEvent({ at: NOON, principal: "ada00000", reserved: RESERVED, ...changes });
}

function ended(changes: Partial<RequestEnded>): Event {
	return endedEvent({ at: NOON, ...changes });
}

/** What is used after a crash: requests, and tokens. */
function used(events: readonly Event[], open: readonly OpenRequest[] = []): readonly number[] {
	const { ledger } = testedLedger(budgetsSpec([{ name: "calls" }, { name: "tokens", unit: "tokens", limit: 1_000 }]));
	const replay = new Replay(ledger, { open, at: NOON });
	for (const event of events) replay.take(event);
	replay.finish();
	return ["calls", "tokens"].map((name) => standing(ledger, "ada00000", name).used);
}

function openRequest(begun: boolean): OpenRequest {
	return { request: "request-1", facts: factsOf(principal("ada00000"), "llama3.2:latest", "192.0.2.7"), charge: charge(40, 60), begun };
}

for (const [what, change] of [
	["what was refused", { decision: "deny" }],
	["what came to a fault before it was let in", { decision: "fault" }],
	["what no budget concerned", { reserved: null }],
	["a stranger's", { principal: null, role: null }],
] as const)
	test(`${what} is charged nothing, whether its end is on record or not`, () => {
		assert.deepEqual(used([started(change)]), [0, 0]);
		assert.deepEqual(used([started(change), ended({ charged: charge(5, 5) })]), [0, 0]);
	});

test("an end whose beginning is not known is charged nothing: it was settled before", () => {
	assert.deepEqual(used([ended({ charged: charge(5, 5) })]), [0, 0]);
});

test("an end is charged as it says, once", () => {
	const end = ended({ charged: charge(5, 6) });
	assert.deepEqual(used([started(), end]), [1, 11]);
	assert.deepEqual(used([started(), end, end]), [1, 11]);
});

test("one that never came as far as its model is no request", () => {
	for (const phase of ["receiving", "deciding", "queued"] as const) assert.deepEqual(used([started(), ended({ phase })]), [0, 0]);
	for (const phase of ["connecting", "waiting", "streaming"] as const) assert.deepEqual(used([started(), ended({ phase })]), [1, 0]);
});

test("what has no end is charged with what was held", () => {
	assert.deepEqual(used([started()]), [1, 100]);
});

test("what was running when it was saved is not counted as a request again", () => {
	assert.deepEqual(used([], [openRequest(true)]), [0, 100]);
	assert.deepEqual(used([], [openRequest(false)]), [1, 100]);
	const end = ended({ charged: charge(5, 6) });
	assert.deepEqual(used([end], [openRequest(true)]), [0, 11]);
	assert.deepEqual(used([end], [openRequest(false)]), [1, 11]);
});

for (const begun of [false, true])
	test(`a request that runs over a save and has no end is one request, whether it was on its way then (${begun})`, () => {
		const spec = budgetsSpec([{ name: "calls" }]);
		const { ledger, held, time } = testedLedger(spec);
		// The first save is of everybody anyway.
		ledger.changes(0);
		const running = held(principal("ada00000"));
		if (begun) running.begin();
		const saved = ledger.changes(1);
		const next = testedLedger(spec, time);
		next.ledger.restore(saved);
		const replay = new Replay(next.ledger, saved);
		replay.finish();
		assert.equal(standing(next.ledger, "ada00000", "calls").used, 1);
	});
