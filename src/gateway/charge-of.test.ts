import assert from "node:assert/strict";
import { test } from "node:test";
import { budgetsSpec, principal, testedLedger } from "../../test/support/budgets.ts";
import { jsonRequest } from "../../test/support/judged-requests.ts";
import { deny } from "../model/decision.ts";
import { chargeOf } from "./charge-of.ts";
import type { Forwarded } from "./forwarded.ts";
import { gpuTimeUs } from "./gpu-time.ts";

const FORWARDED = {
	outcome: "completed",
	phase: "ended",
	status: 200,
	fault: null,
	reason: null,
	usage: { promptTokens: 10, outputTokens: 20, totalNs: 9e9, loadNs: 1e9, promptNs: 5e8, evalNs: 1.5e9, estimated: false },
	firstByteMs: 5,
	upstreamMs: 4_000,
	detail: null,
	upstream: "local",
	gpuShare: 1,
} as const satisfies Forwarded;
const UNTIMED = { promptTokens: 10, outputTokens: 20, totalNs: null, loadNs: null, promptNs: null, evalNs: null, estimated: false };
const NONE = { inputTokens: 0, outputTokens: 0, gpuUs: 0, nanos: 0 };

function charged(change: Partial<Forwarded>, operation = "chat") {
	const spec = budgetsSpec([{ unit: "money", limit: 1e15 }], { prices: [["*", { input: 1, output: 2, gpuSecond: 1_000 }]] });
	const hold = testedLedger(spec).held(principal("ada00000"), {});
	const judged = jsonRequest(operation, { model: "door", messages: [] });
	const forwarded = { ...FORWARDED, ...change } as Forwarded;
	return chargeOf(hold, judged, forwarded, gpuTimeUs(judged.operation, forwarded));
}

for (const [what, change, operation] of [
	["a fault before anything came", { outcome: "fault", usage: null }, "chat"],
	["an answer that is an error of the server's own", { status: 404, usage: null }, "chat"],
	["an operation that uses no model", {}, "pull"],
] as const) {
	test(`charges nothing for ${what}`, () => assert.deepEqual(charged(change, operation), NONE));
}

test("charges what the server said, and of the GPU the request's share", () => {
	assert.deepEqual(charged({}), { inputTokens: 10, outputTokens: 20, gpuUs: 3_000_000, nanos: 10 + 40 + 3_000 });
	assert.equal(charged({ gpuShare: 0.5 }).gpuUs, 1_500_000);
	assert.equal(charged({ gpuShare: 0 }).gpuUs, 0);
});

test("the time at the upstream stands in where a dialect tells no durations, or the caller left before they were told", () => {
	assert.equal(charged({ usage: UNTIMED }).gpuUs, 4_000_000);
	assert.deepEqual(charged({ outcome: "abandoned", status: 499, usage: null, gpuShare: 0.25 }), {
		inputTokens: 32,
		outputTokens: 0,
		gpuUs: 1_000_000,
		nanos: 1_032,
	});
	assert.equal(charged({ outcome: "abandoned", phase: "connecting", status: 499, usage: null }).inputTokens, 0);
});

test("never charges more of the GPU than the time that passed, whatever the server says", () => {
	assert.equal(charged({ upstreamMs: 1_000 }).gpuUs, 1_000_000);
});

test("a prompt whose length nobody told is charged as estimated", () => {
	assert.deepEqual([charged({ usage: { ...UNTIMED, estimated: true } }).inputTokens, charged({ usage: UNTIMED }).inputTokens], [32, 10]);
});

test("charges what was ended before it was answered for its time and its prompt, and what we refused for other reasons nothing", () => {
	const refused = { outcome: "refused", upstream: "local", gpuMs: 500 } as const;
	assert.deepEqual(charged({ ...refused, refusal: deny("budget-exceeded") }), {
		inputTokens: 32,
		outputTokens: 0,
		gpuUs: 500_000,
		nanos: 532,
	});
	assert.deepEqual(charged({ ...refused, refusal: deny("memory-pressure") }), NONE);
});
