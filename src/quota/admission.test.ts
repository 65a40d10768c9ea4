import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Admission, type AdmissionSpec, type Waiting } from "./admission.ts";

const SPEC: AdmissionSpec = {
	rate: { perMinute: 60, burst: 2 },
	concurrency: { total: 2, perKey: 2 },
	queueSize: 2,
	queueTimeoutMs: 1_000,
};

function waiter(principal: string, served: string[] = []): Waiting {
	return { principal, proceed: () => served.push(principal) };
}

test("refuses a principal's request beyond its own concurrency, though the total has room", () => {
	const admission = new Admission({ ...SPEC, concurrency: { total: 10, perKey: 1 } });
	assert.equal(admission.enter(waiter("a")), "running");
	assert.equal(admission.enter(waiter("a")), "key-full");
	assert.equal(admission.enter(waiter("b")), "running");
});

test("refuses when the queue is full", () => {
	const admission = new Admission({ ...SPEC, concurrency: { total: 1, perKey: 9 }, queueSize: 1 });
	assert.equal(admission.enter(waiter("a")), "running");
	assert.equal(admission.enter(waiter("b")), "waiting");
	assert.equal(admission.enter(waiter("c")), "queue-full");
});

test("waiting counts against the principal's own bound", () => {
	const admission = new Admission({ ...SPEC, concurrency: { total: 1, perKey: 2 }, queueSize: 9 });
	assert.equal(admission.enter(waiter("a")), "running");
	assert.equal(admission.enter(waiter("a")), "waiting");
	assert.equal(admission.enter(waiter("a")), "key-full");
});

test("refuses beyond the rate and counts each principal by itself", () => {
	const admission = new Admission(SPEC);
	assert.equal(admission.rate("a", 0).allowed, true);
	assert.equal(admission.rate("a", 0).allowed, true);
	assert.equal(admission.rate("a", 0).allowed, false);
	assert.equal(admission.rate("b", 0).allowed, true);
	assert.equal(admission.rate("a", 1_000).allowed, true);
});

test("room that is given back goes to the next in turn", () => {
	const served: string[] = [];
	const admission = new Admission({ ...SPEC, concurrency: { total: 1, perKey: 9 }, queueSize: 9 });
	admission.enter(waiter("a"));
	admission.enter(waiter("b", served));
	admission.enter(waiter("c", served));
	admission.leave("a");
	assert.deepEqual(served, ["b"]);
	admission.leave("b");
	assert.deepEqual(served, ["b", "c"]);
	admission.leave("c");
	assert.equal(admission.running, 0);
});

test("a waiter who gives up is not served and frees its place", () => {
	const served: string[] = [];
	const admission = new Admission({ ...SPEC, concurrency: { total: 1, perKey: 9 }, queueSize: 1 });
	admission.enter(waiter("a"));
	const waiting = waiter("b", served);
	admission.enter(waiting);
	assert.equal(admission.giveUp(waiting), true);
	assert.equal(admission.giveUp(waiting), false);
	assert.equal(admission.queued, 0);
	assert.equal(admission.enter(waiter("c", served)), "waiting");
	admission.leave("a");
	assert.deepEqual(served, ["c"]);
});

test("more room after a reload is filled from the queue, and nobody who waited is lost", () => {
	const served: string[] = [];
	const admission = new Admission({ ...SPEC, concurrency: { total: 1, perKey: 9 }, queueSize: 9 });
	admission.enter(waiter("a"));
	admission.enter(waiter("b", served));
	admission.enter(waiter("c", served));
	admission.adjust({ ...SPEC, concurrency: { total: 2, perKey: 9 }, queueSize: 0 });
	assert.deepEqual(served, ["b"]);
	assert.equal(admission.queued, 1);
});

test("forgets who holds nothing, and nobody else", () => {
	const admission = new Admission({ ...SPEC, rate: { perMinute: 60, burst: 1 } });
	admission.rate("a", 0);
	admission.forgetIdle(500);
	assert.equal(admission.rate("a", 500).allowed, false);
	admission.enter(waiter("b"));
	admission.forgetIdle(60_000);
	admission.leave("b");
	assert.equal(admission.running, 0);
});

test("never runs more than the total nor more of one principal than its bound, whatever comes and goes", () => {
	const step = fc.record({ who: fc.constantFrom("a", "b", "c"), act: fc.constantFrom("enter", "leave", "give up") });
	fc.assert(
		fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
			const admission = new Admission({ ...SPEC, concurrency: { total: 3, perKey: 2 }, queueSize: 2 });
			const running: string[] = [];
			const queued: Waiting[] = [];
			for (const { who, act } of steps) {
				if (act === "enter") {
					const waiting: Waiting = {
						principal: who,
						proceed: () => {
							queued.splice(queued.indexOf(waiting), 1);
							running.push(who);
						},
					};
					const result = admission.enter(waiting);
					if (result === "running") running.push(who);
					if (result === "waiting") queued.push(waiting);
				} else if (act === "leave" && running.includes(who)) {
					running.splice(running.indexOf(who), 1);
					admission.leave(who);
				} else if (act === "give up") {
					const waiting = queued.find(({ principal }) => principal === who);
					if (waiting !== undefined && admission.giveUp(waiting)) queued.splice(queued.indexOf(waiting), 1);
				}
				assert.equal(admission.running, running.length);
				assert.equal(admission.queued, queued.length);
				assert.ok(running.length <= 3);
				for (const principal of ["a", "b", "c"]) assert.ok(running.filter((each) => each === principal).length <= 2);
				assert.ok(running.length === 3 || queued.length === 0);
			}
		}),
	);
});
