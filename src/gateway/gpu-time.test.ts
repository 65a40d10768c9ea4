import assert from "node:assert/strict";
import { test } from "node:test";

import { operationOf } from "../../test/support/judged-requests.ts";
import { deny } from "../model/decision.ts";
import { Fault } from "../model/fault.ts";
import type { Forwarded } from "./forwarded.ts";
import { gpuTimeUs } from "./gpu-time.ts";

const USAGE = { promptTokens: 1, outputTokens: 1, totalNs: null, loadNs: null, promptNs: null, evalNs: null, estimated: false };
const COMPLETED = {
	outcome: "completed",
	phase: "ended",
	status: 200,
	fault: null,
	reason: null,
	usage: USAGE,
	firstByteMs: 5,
	upstreamMs: 4_000,
	detail: null,
	upstream: "local",
	gpuShare: 1,
} as const satisfies Forwarded;

const cases: readonly (readonly [what: string, us: number, change: Partial<typeof COMPLETED | Forwarded>, operation?: string])[] = [
	["what ran on no GPU", 0, { gpuShare: 0 }],
	["what uses no model", 0, {}, "pull"],
	["an error of the server's own", 0, { usage: null, status: 404 }],
	["a fault of which nothing was told", 0, { usage: null, outcome: "fault", fault: new Fault("upstream-malformed", "x") }],
	["a fault after some of the answer", 4_000_000, { outcome: "fault", fault: new Fault("upstream-malformed", "x") }],
	["a caller who left before anything was told", 4_000_000, { usage: null, outcome: "abandoned", status: 499 }],
	["an answer without durations", 4_000_000, {}],
	["an answer that tells loading alone", 1_000_000, { usage: { ...USAGE, loadNs: 1e9 } }],
	["an answer that tells all of it", 1_700_000, { usage: { ...USAGE, loadNs: 1e9, promptNs: 2e8, evalNs: 5e8 } }],
	["its part of it", 850_000, { usage: { ...USAGE, loadNs: 1e9, promptNs: 2e8, evalNs: 5e8 }, gpuShare: 0.5 }],
	["durations longer than the time that passed", 4_000_000, { usage: { ...USAGE, evalNs: 9e18 } }],
	["a part of a microsecond", 1, { usage: { ...USAGE, evalNs: 1 } }],
];
for (const [what, us, change, operation = "chat"] of cases)
	test(`of ${what} counts ${us} microseconds`, () => {
		assert.equal(gpuTimeUs(operationOf(operation), { ...COMPLETED, ...change } as Forwarded), us);
	});

test("what was ended before it was answered had its part of the time until then", () => {
	const refused = { outcome: "refused", refusal: deny("budget-exceeded"), upstream: "local", gpuMs: 0.5001 } as const;
	assert.equal(gpuTimeUs(operationOf("chat"), refused), 501);
});
