import assert from "node:assert/strict";
import { test } from "node:test";

import { requestParts } from "./scripted.ts";
import { readWrk, wrkScript } from "./wrk.ts";

const GOOD = { requests: 1000, p50: 1500, p99: 9000, max: 12_000, connect: 0, read: 0, write: 0, status: 0, timeout: 0 };

const refused: readonly (readonly [when: string, output: string, why: RegExp])[] = [
	["it printed no counts", "Running 3s test @ http://127.0.0.1:1\n  1 threads\n", /did not say what it counted/],
	["an answer was not 2xx", said({ status: 7 }), /7 × status/],
	["a connection broke and an answer was late", said({ read: 1, timeout: 2 }), /1 × read, 2 × timeout/],
	["nothing was answered", said({ requests: 0 }), /no answer/],
	["a count is missing", 'rempart-bench {"requests":1}\n', /no "connect"/],
];

for (const [when, output, why] of refused) {
	test(`a run of wrk fails when ${when}`, () => {
		assert.throws(() => readWrk(output), why);
	});
}

test("reads counts between what wrk prints for people", () => {
	const output = `Running 3s test\nRequests/sec: 12\n${said({})}`;
	assert.deepEqual(readWrk(output), { requests: 1000, waitMs: { p50: 1.5, p99: 9, max: 12 } });
});

test("refuses to write a script with what Lua could read differently", () => {
	const parts = requestParts("chat", "Bearer \u00e9", 0);
	assert.throws(() => wrkScript(parts, []), /not to be written/);
});

test("sends what the other callers send, without a function for each request", () => {
	const script = wrkScript(requestParts("chat", "Bearer abc", 0), [["X-More", "1"]]);
	assert.match(script, /^wrk\.method = "POST"$/m);
	assert.match(script, /^wrk\.headers\["Authorization"\] = "Bearer abc"$/m);
	assert.match(script, /^wrk\.headers\["X-More"\] = "1"$/m);
	assert.match(script, /^wrk\.body = "\{\\"model\\":/m);
	assert.doesNotMatch(script, /\b(?:request|response|delay) *=/);
	assert.doesNotMatch(wrkScript(requestParts("get", "Bearer abc", 0), []), /wrk\.body/);
});

function said(change: Partial<Record<keyof typeof GOOD, number>>): string {
	return `rempart-bench ${JSON.stringify({ ...GOOD, ...change })}\n`;
}
