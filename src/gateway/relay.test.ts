import assert from "node:assert/strict";
import { test } from "node:test";

import { authorizedAs } from "../../test/support/authorized.ts";
import { budgetsSpec, principal, testedLedger } from "../../test/support/budgets.ts";
import type { Deny } from "../model/decision.ts";
import { deny } from "../model/decision.ts";
import { Fault } from "../model/fault.ts";
import type { Reservation } from "../quota/reservation.ts";
import { FilteredAnswers } from "./filtered-answers.ts";
import { Relay } from "./relay.ts";

const LEASE = { queuedMs: 0, queuePosition: null, opened: false, settle: () => undefined, release: () => undefined };
const RATE = { allowed: true, arrival: 0, remaining: 1, retryAfterMs: 0 };

function relayed(hold: Reservation | null = null) {
	const told: { refused: Deny[]; ended: number; others: number } = { refused: [], ended: 0, others: 0 };
	const other = () => {
		told.others += 1;
	};
	const relay = new Relay(
		{
			admitted: { ...authorizedAs("chat"), rate: RATE, lease: LEASE, hold },
			recorded: { committed: true, settled: Promise.resolve() },
			bufferBytes: 1_000,
			answers: new FilteredAnswers(),
			fields: [],
			monotonic: () => 0,
		},
		{ relayed: other, failed: other, refused: (refusal) => told.refused.push(refusal) },
	);
	relay.watched = {
		answered: () => undefined,
		progressed: () => undefined,
		ended: () => {
			told.ended += 1;
		},
	};
	return { relay, told };
}

test("what is ended before it is answered is refused once, and nobody waits for its runner any more", () => {
	const { relay, told } = relayed();
	relay.cut(deny("credential-revoked"));
	relay.cut(deny("shutting-down"));
	relay.onFault(new Fault("upstream-unreachable", "gone"));
	assert.deepEqual(
		told.refused.map(({ reason }) => reason),
		["credential-revoked"],
	);
	assert.deepEqual([told.ended, told.others], [1, 0]);
});

test("so is what has used up a budget of time: told which one, and when there is room again", () => {
	const { ledger, held } = testedLedger(budgetsSpec([{ unit: "gpu_seconds", limit: 3_000_000, onExhausted: "cut" }]));
	const hold = held(principal("ada00000"), { whole: true });
	const { relay, told } = relayed(hold);
	let gpuUs = 0;
	hold.runsOn({
		gpuUs: () => gpuUs,
		exhausted: () => relay.exhausted(),
	});
	for (; gpuUs < 6_000_000; gpuUs += 100_000) ledger.look();
	const [refusal, again] = told.refused;
	assert.equal(again, undefined);
	assert.deepEqual([refusal?.reason, refusal?.budget, refusal?.retryAfterMs], ["budget-exceeded", "daily", 43_200_000]);
	assert.match(
		refusal?.told ?? "",
		/^the budget 'daily' is used up: 3 GPU seconds a day; there is room again at 2026-11-24T00:00:00\.000Z$/,
	);
	assert.deepEqual([told.ended, told.others], [1, 0]);
});
