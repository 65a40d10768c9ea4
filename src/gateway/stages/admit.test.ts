import assert from "node:assert/strict";
import { test } from "node:test";
import { authorizedAs } from "../../../test/support/authorized.ts";
import { eventually } from "../../../test/support/eventually.ts";
import { policyWith } from "../../../test/support/policies.ts";
import type { Decision } from "../../model/decision.ts";
import { evaluate } from "../../policy/evaluate.ts";
import { Admission, type AdmissionSpec } from "../../quota/admission.ts";
import type { Admitted } from "../exchange.ts";
import { admit } from "./admit.ts";

const SPEC: AdmissionSpec = {
	rate: { perMinute: 60, burst: 5 },
	concurrency: { total: 1, perKey: 3, perModel: null },
	queueSize: 2,
	queueTimeoutMs: 1_000,
	keepAliveMs: null,
};

function stage(spec: Partial<AdmissionSpec> = {}) {
	const time = { now: 1_000 };
	const admission = new Admission({ ...SPEC, ...spec });
	return {
		time,
		admission,
		admit: (authorized: Parameters<typeof admit>[0]) =>
			admit(authorized, { ...authorized, fields: [] }, { admission, monotonic: () => time.now, serversOf: () => 1 }),
	};
}

function leaseOf(decision: Decision<Admitted>) {
	assert.ok(decision.permitted);
	return decision.value.lease;
}

test("refuses when the rate is used up, and says when to come back", async () => {
	const { admit } = stage({ rate: { perMinute: 60, burst: 1 } });
	leaseOf(await admit(authorizedAs("tags")));
	const refused = await admit(authorizedAs("tags"));
	assert.equal(refused.permitted, false);
	assert.equal(refused.reason, "rate-exceeded");
	assert.equal(refused.retryAfterMs, 1_000);
	assert.deepEqual(refused.fields, [
		["ratelimit-policy", '"requests";q=60;w=60'],
		["ratelimit", '"requests";r=0;t=1'],
	]);
});

test("what is refused for the rate is told so where the SDK of its dialect looks", async () => {
	const { admit } = stage({ rate: { perMinute: 60, burst: 1 } });
	leaseOf(await admit(authorizedAs("tags")));
	const at = Date.UTC(2026, 10, 23, 12);
	for (const [dialect, told] of [
		[
			"openai",
			[
				["x-ratelimit-limit-requests", "60"],
				["x-ratelimit-remaining-requests", "0"],
				["x-ratelimit-reset-requests", "1s"],
			],
		],
		[
			"anthropic",
			[
				["anthropic-ratelimit-requests-limit", "60"],
				["anthropic-ratelimit-requests-remaining", "0"],
				["anthropic-ratelimit-requests-reset", "2026-11-23T12:00:01.000Z"],
			],
		],
	] as const) {
		const refused = await admit({ ...authorizedAs("tags"), dialect, at });
		assert.ok(!refused.permitted);
		assert.deepEqual(refused.fields?.slice(2), told);
	}
});

test("refuses when the principal's own concurrency is used up", async () => {
	const { admit } = stage({ concurrency: { total: 9, perKey: 1, perModel: null } });
	leaseOf(await admit(authorizedAs("chat")));
	const refused = await admit(authorizedAs("chat"));
	assert.equal(refused.permitted, false);
	assert.equal(refused.reason, "concurrency-exceeded");
	assert.equal(refused.detail, "1 running");
	assert.equal(refused.retryAfterMs, 1_000);
});

test("refuses when the queue is full", async () => {
	const { admit } = stage({ queueSize: 0 });
	leaseOf(await admit(authorizedAs("chat")));
	const refused = await admit(authorizedAs("chat"));
	assert.equal(refused.permitted, false);
	assert.equal(refused.reason, "queue-full");
	assert.equal(refused.detail, "0 waiting");
	assert.equal(refused.position, 1);
	assert.equal(refused.retryAfterMs, 1_000);
});

test("refuses the newest of who has most in a full queue, and says when it would have had its turn", async () => {
	const { admit, admission } = stage({ concurrency: { total: 1, perKey: 9, perModel: null }, queueSize: 3 });
	leaseOf(await admit(authorizedAs("chat")));
	const flood = [admit(authorizedAs("chat")), admit(authorizedAs("chat")), admit(authorizedAs("chat"))];
	const modest = admit(authorizedAs("chat", { ...authorizedAs("chat").principal, id: "modest01" }));
	const dropped = await flood[2];
	assert.ok(dropped?.permitted === false);
	assert.equal(dropped.reason, "queue-full");
	assert.ok((dropped.position ?? 0) >= 3 && (dropped.retryAfterMs ?? 0) >= 2_000);
	assert.equal(admission.queued, 3);
	assert.ok(modest instanceof Promise);
});

test("refuses whoever waited too long, and frees the place", async () => {
	const { admit, admission } = stage({ queueTimeoutMs: 1 });
	const running = leaseOf(await admit(authorizedAs("chat")));
	const refused = await admit(authorizedAs("chat"));
	assert.equal(refused.permitted, false);
	assert.equal(refused.reason, "queue-timeout");
	assert.equal(admission.queued, 0);
	running.release();
	assert.equal(admission.running, 0);
});

test("a caller who leaves while waiting gives its place up at once", async () => {
	const { admit, admission } = stage();
	leaseOf(await admit(authorizedAs("chat")));
	const waiting = authorizedAs("chat");
	const decision = admit(waiting);
	assert.equal(admission.queued, 1);
	waiting.leave();
	assert.equal(admission.queued, 0);
	const left = await decision;
	assert.equal(left.permitted, false);
	assert.equal(left.reason, "queue-timeout");
	assert.equal(left.detail, "the caller left");
});

test("a caller who left before its request came to wait does not wait", async () => {
	const { admit, admission } = stage();
	leaseOf(await admit(authorizedAs("chat")));
	const gone = authorizedAs("chat");
	gone.leave();
	const left = await admit(gone);
	assert.ok(!left.permitted);
	assert.deepEqual([left.reason, left.detail, admission.queued], ["queue-timeout", "the caller left", 0]);
});

test("permits the next in the queue when room is given back, and says how long it waited", async () => {
	const { admit, admission, time } = stage();
	const first = leaseOf(await admit(authorizedAs("chat")));
	assert.equal(first.queuedMs, 0);
	const decision = admit(authorizedAs("chat"));
	time.now += 250;
	first.release();
	const second = leaseOf(await decision);
	assert.equal(second.queuedMs, 250);
	assert.equal(first.queuePosition, null);
	assert.equal(second.queuePosition, 1);
	assert.equal(admission.running, 1);
	second.release();
	assert.equal(admission.running, 0);
});

test("a lease is given back once", async () => {
	const { admit, admission } = stage({ concurrency: { total: 5, perKey: 5, perModel: null } });
	const lease = leaseOf(await admit(authorizedAs("chat")));
	leaseOf(await admit(authorizedAs("chat")));
	lease.release();
	lease.release();
	assert.equal(admission.running, 1);
});

test("a model has places of its own, at each of its servers; the cloud has none of ours", async () => {
	const bounded = { concurrency: { total: 9, perKey: 9, perModel: 1 } };
	const { admit } = stage(bounded);
	leaseOf(await admit(authorizedAs("chat")));
	leaseOf(await admit(authorizedAs("pull")));
	leaseOf(await admit(authorizedAs("web-search")));
	assert.ok(admit(authorizedAs("chat")) instanceof Promise);
});

for (const [operation, needsRoom] of [
	["root", false],
	["tags", false],
	["show", false],
	["chat", true],
	["v1-messages", true],
	["pull", true],
	["web-search", true],
] as const) {
	test(`${operation} ${needsRoom ? "needs" : "needs no"} room to run`, async () => {
		const { admit, admission } = stage();
		const authorized = authorizedAs(operation);
		const decision = await admit(authorized);
		const lease = leaseOf(decision);
		assert.equal(admission.running, needsRoom ? 1 : 0);
		assert.ok(decision.permitted);
		assert.equal(decision.value.grant, authorized.grant);
		assert.equal(decision.value.rate.remaining, 4);
		assert.equal(lease.queuedMs, 0);
		lease.settle(null);
		lease.release();
		assert.equal(admission.running, 0);
	});
}

test("the weight and the priority of the caller's role decide who is next", async () => {
	const { admit } = stage({ queueSize: 9 });
	const policy = policyWith({ standing: { weight: 1, priority: "high" } });
	const running = leaseOf(await admit(authorizedAs("chat")));
	const served: string[] = [];
	const ask = (role: string, id: string): void => {
		const authorized = authorizedAs("chat");
		const principal = { ...authorized.principal, id, role };
		const decision = evaluate(policy, principal, authorized.judged);
		assert.ok(decision.permitted);
		void Promise.resolve(admit({ ...authorized, principal, grant: decision.value })).then((admitted) => {
			served.push(id);
			leaseOf(admitted).release();
		});
	};
	for (const [role, id] of [
		["admin", "first"],
		["admin", "second"],
		["tested", "urgent"],
	] as const)
		ask(role, id);
	running.release();
	await eventually(() => served.length === 3);
	assert.deepEqual(served, ["urgent", "first", "second"]);
});
