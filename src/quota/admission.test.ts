import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ORDINARY, type Standing } from "../model/priority.ts";
import type { Usage } from "../model/usage.ts";
import { Admission, type AdmissionSpec } from "./admission.ts";
import { Place } from "./place.ts";

const SPEC: AdmissionSpec = {
	rate: { perMinute: 60, burst: 2 },
	concurrency: { total: 2, perKey: 2, perModel: null },
	queueSize: 2,
	queueTimeoutMs: 1_000,
	keepAliveMs: null,
};

function admissionOf(concurrency: Partial<AdmissionSpec["concurrency"]>, queueSize = 9): Admission {
	return new Admission({ ...SPEC, concurrency: { total: 9, perKey: 9, perModel: null, ...concurrency }, queueSize });
}

interface Wanted {
	readonly model?: string | null;
	readonly servers?: number;
	readonly standing?: Standing;
}

function placeOf(principal: string, served: string[] = [], { model, servers, standing = ORDINARY }: Wanted = {}): Place {
	const place = new Place(principal, standing, model ?? null, servers);
	place.listener = { hasTurn: () => served.push(principal), gaveWay: () => served.push(`${principal} dropped`) };
	return place;
}

/** As the stage asks. */
function enter(admission: Admission, place: Place, now = 0): "running" | "waiting" | "key-full" | "queue-full" {
	const taken = admission.take(place, now);
	return taken === "full" ? admission.enter(place, null, now) : taken;
}

function taking(ms: number): Usage {
	return { promptTokens: 1, outputTokens: 1, totalNs: null, loadNs: null, promptNs: 0, evalNs: ms * 1e6, estimated: false };
}

test("refuses a principal's request beyond its own concurrency, though the total has room", () => {
	const admission = admissionOf({ perKey: 1 });
	assert.equal(enter(admission, placeOf("a")), "running");
	assert.equal(enter(admission, placeOf("a")), "key-full");
	assert.equal(enter(admission, placeOf("b")), "running");
});

test("refuses when the queue is full of those who have no more in it", () => {
	const admission = admissionOf({ total: 1 }, 2);
	assert.equal(enter(admission, placeOf("a")), "running");
	assert.equal(enter(admission, placeOf("b")), "waiting");
	assert.equal(enter(admission, placeOf("c")), "waiting");
	assert.equal(enter(admission, placeOf("d")), "queue-full");
});

test("a full queue makes room for who has little in it: the newest of whoever has most gives way", () => {
	const served: string[] = [];
	const admission = admissionOf({ total: 1 }, 3);
	enter(admission, placeOf("x"));
	for (const name of ["first", "second", "third"]) {
		const place = placeOf("flood", served);
		place.listener = { hasTurn: () => undefined, gaveWay: () => served.push(`${name} dropped`) };
		enter(admission, place);
	}
	assert.equal(enter(admission, placeOf("modest", served)), "waiting");
	assert.deepEqual(served, ["third dropped"]);
	assert.equal(admission.queued, 3);
	assert.equal(enter(admission, placeOf("flood", served)), "queue-full");
});

test("by weight whoever has most in a full queue gives way, and nobody to one who would have as much", () => {
	const served: string[] = [];
	const admission = admissionOf({ total: 1 }, 6);
	const heavy = { standing: { weight: 4, priority: "normal" } } as const;
	enter(admission, placeOf("x"));
	for (const _ of [1, 2, 3, 4]) enter(admission, placeOf("heavy", served, heavy));
	for (const _ of [1, 2]) enter(admission, placeOf("light", served));
	assert.equal(enter(admission, placeOf("heavy", served, heavy)), "waiting");
	assert.deepEqual(served, ["light dropped"]);
	assert.equal(enter(admission, placeOf("heavy", served, heavy)), "queue-full");
	assert.equal(enter(admission, placeOf("new", served)), "waiting");
	assert.deepEqual(served, ["light dropped", "heavy dropped"]);
	assert.equal(enter(admission, placeOf("newer", served)), "queue-full");
});

for (const [flooded, other] of [
	["m", null],
	[null, "m"],
	["m", "n"],
] as const) {
	test(`who floods ${flooded ?? "what no model does"} gives way to who asks for ${other ?? "what no model does"}`, () => {
		const served: string[] = [];
		const admission = admissionOf({ total: 2, perModel: 1 }, 3);
		for (const model of ["m", "n"]) enter(admission, placeOf("x", [], { model }));
		for (const _ of [1, 2, 3]) enter(admission, placeOf("flood", served, { model: flooded }));
		assert.equal(enter(admission, placeOf("modest", served, { model: other })), "waiting");
		assert.deepEqual(served, ["flood dropped"]);
		assert.equal(admission.waiting("normal"), 3);
	});
}

test("by weight whoever has most of all models' queues gives way", () => {
	const served: string[] = [];
	const admission = admissionOf({ total: 2, perModel: 1 }, 6);
	for (const model of ["m", "n"]) enter(admission, placeOf("x", [], { model }));
	for (const _ of [1, 2, 3, 4]) enter(admission, placeOf("heavy", served, { model: "m", standing: { weight: 4, priority: "normal" } }));
	for (const _ of [1, 2]) enter(admission, placeOf("light", served));
	assert.equal(enter(admission, placeOf("new", served, { model: "n" })), "waiting");
	assert.deepEqual(served, ["light dropped"]);
});

test("waiting counts against the principal's own bound", () => {
	const admission = admissionOf({ total: 1, perKey: 2 });
	assert.equal(enter(admission, placeOf("a")), "running");
	assert.equal(enter(admission, placeOf("a")), "waiting");
	assert.equal(enter(admission, placeOf("a")), "key-full");
});

test("refuses beyond the rate and counts each principal by itself", () => {
	const admission = new Admission(SPEC);
	assert.equal(admission.rate("a", 0).allowed, true);
	assert.equal(admission.rate("a", 0).allowed, true);
	assert.equal(admission.rate("a", 0).allowed, false);
	assert.equal(admission.rate("b", 0).allowed, true);
	assert.equal(admission.rate("a", 1_000).allowed, true);
});

test("room that is given back goes to the next in turn, once", () => {
	const served: string[] = [];
	const admission = admissionOf({ total: 1 });
	const [a, b, c] = [placeOf("a"), placeOf("b", served), placeOf("c", served)];
	for (const place of [a, b, c]) enter(admission, place);
	admission.leave(a, null, 10);
	admission.leave(a, null, 10);
	assert.deepEqual(served, ["b"]);
	admission.leave(b, null, 20);
	assert.deepEqual(served, ["b", "c"]);
	admission.leave(c, null, 30);
	assert.equal(admission.running, 0);
});

test("a model has so many places at each of its servers, and other models go on", () => {
	const served: string[] = [];
	const admission = admissionOf({ perModel: 1 });
	const running = placeOf("a", served, { model: "m" });
	assert.equal(enter(admission, running), "running");
	assert.equal(enter(admission, placeOf("b", served, { model: "m" })), "waiting");
	assert.equal(enter(admission, placeOf("b", served, { model: "n" })), "running");
	assert.equal(enter(admission, placeOf("b", served)), "running");
	admission.leave(running, null, 5);
	assert.deepEqual(served, ["b"]);
	assert.equal(enter(admission, placeOf("c", served, { model: "m", servers: 2 })), "running");
});

test("a second server that has the model takes who waits for the first, as soon as it is known", () => {
	const served: string[] = [];
	const admission = admissionOf({ perModel: 1 });
	enter(admission, placeOf("a", served, { model: "m" }));
	enter(admission, placeOf("b", served, { model: "m" }));
	assert.equal(enter(admission, placeOf("c", served, { model: "m", servers: 2 })), "waiting");
	assert.deepEqual(served, ["b"]);
});

test("whoever has a place at the model waits for one among all, and gives the former up when it leaves", () => {
	const served: string[] = [];
	const admission = admissionOf({ total: 1, perModel: 1 });
	const [x, a, b] = [placeOf("x", served), placeOf("a", served, { model: "m" }), placeOf("b", served, { model: "m" })];
	enter(admission, x);
	enter(admission, a);
	enter(admission, b);
	assert.equal(a.stage, "total");
	assert.equal(b.stage, "model");
	assert.equal(admission.giveUp(a, 1), true);
	assert.equal(b.stage, "total");
	admission.leave(x, null, 2);
	assert.deepEqual(served, ["b"]);
});

test("a waiter who gives up is not served and frees its place", () => {
	const served: string[] = [];
	const admission = admissionOf({ total: 1 }, 1);
	const a = placeOf("a");
	enter(admission, a);
	const waiting = placeOf("b", served);
	enter(admission, waiting);
	assert.equal(admission.giveUp(waiting, 0), true);
	assert.equal(admission.giveUp(waiting, 0), false);
	assert.equal(admission.queued, 0);
	assert.equal(enter(admission, placeOf("c", served)), "waiting");
	admission.leave(a, null, 0);
	assert.deepEqual(served, ["c"]);
});

test("charges what a request was: who said little and took long waits for the others", () => {
	const served: string[] = [];
	const admission = admissionOf({ total: 1, perKey: 99 }, 99);
	const first = placeOf("x", served);
	enter(admission, first);
	const waiting: Place[] = [];
	for (let at = 0; at < 8; at++)
		for (const name of ["long", "short"]) {
			const place = placeOf(name, served);
			waiting.push(place);
			enter(admission, place);
		}
	let now = 0;
	let running: Place | undefined = first;
	for (let turn = 0; turn < 9 && running !== undefined; turn++) {
		const took = running.principal === "long" ? 5_000 : 1_000;
		now += took;
		admission.leave(running, taking(took), now);
		running = waiting.find(({ stage }) => stage === "running");
	}
	assert.equal(served.filter((name) => name === "long").length, 2, served.join(" "));
});

test("what ran before anybody waited is charged only from when somebody did", () => {
	const served: string[] = [];
	const admission = admissionOf({ total: 1, perKey: 99 }, 99);
	const old = placeOf("old", served);
	enter(admission, old, 0);
	const waiting = ["old", "new", "old", "new"].map((name) => placeOf(name, served));
	for (const place of waiting) enter(admission, place, 99_500);
	admission.leave(old, null, 100_000);
	let now = 100_000;
	for (let turn = 0; turn < 3; turn++) {
		const running = waiting.find(({ stage }) => stage === "running");
		assert.ok(running !== undefined);
		now += 1_000;
		admission.leave(running, taking(1_000), now);
	}
	// Half a second of debt, and not a hundred.
	assert.deepEqual(served, ["new", "old", "new", "old"]);
});

test("says who would be next, and about when", () => {
	const admission = admissionOf({ total: 2, perKey: 99 }, 99);
	for (let at = 0; at < 2; at++) enter(admission, placeOf("x"));
	const alone = admission.outlook(placeOf("a"));
	assert.equal(alone.position, 1);
	const last = placeOf("a");
	for (let at = 0; at < 10; at++) enter(admission, placeOf("a"));
	enter(admission, last);
	const outlook = admission.outlook(last);
	assert.equal(outlook.position, 11);
	assert.ok(outlook.waitMs >= 5_000 && outlook.waitMs <= 6_000, `${outlook.waitMs}`);
	assert.equal(admission.outlook(placeOf("b")).position, 1);
	assert.equal(admission.waiting("normal"), 11);
	assert.equal(admission.waiting("high"), 0);
});

test("more room after a reload is filled from the queue, and nobody who waited is lost", () => {
	const served: string[] = [];
	const admission = admissionOf({ total: 1, perModel: 1 });
	for (const name of ["a", "b", "c"]) enter(admission, placeOf(name, served, { model: "m" }));
	admission.adjust({ ...SPEC, concurrency: { total: 2, perKey: 9, perModel: null }, queueSize: 0 }, 5);
	assert.deepEqual(served, ["b"]);
	assert.equal(admission.queued, 1);
});

test("more places among all after a reload are filled with those who wait for those alone", () => {
	const served: string[] = [];
	const admission = admissionOf({ total: 1 });
	for (const name of ["a", "b", "c", "d"]) enter(admission, placeOf(name, served));
	admission.adjust({ ...SPEC, concurrency: { total: 3, perKey: 9, perModel: null } }, 5);
	assert.deepEqual(served, ["b", "c"]);
});

test("fewer places after a reload end nothing that runs, and let nobody in before there is one", () => {
	const served: string[] = [];
	const admission = admissionOf({ total: 2 });
	const [a, b] = [placeOf("a"), placeOf("b")];
	for (const place of [a, b, placeOf("c", served)]) enter(admission, place);
	admission.adjust({ ...SPEC, concurrency: { total: 1, perKey: 9, perModel: null } }, 5);
	assert.equal(admission.running, 2);
	admission.leave(a, null, 6);
	assert.deepEqual(served, []);
	admission.leave(b, null, 7);
	assert.deepEqual(served, ["c"]);
});

test("whoever runs is known while it runs, and so is its model, whatever is forgotten", () => {
	const admission = admissionOf({ perKey: 1, perModel: 1 });
	assert.equal(enter(admission, placeOf("a", [], { model: "m" })), "running");
	admission.forgetIdle(60_000);
	assert.equal(enter(admission, placeOf("a")), "key-full");
	assert.equal(enter(admission, placeOf("b", [], { model: "m" })), "waiting");
});

test("beyond a thousand models those are forgotten that nobody uses, and no other", () => {
	const admission = admissionOf({ total: 9_999, perKey: 9_999, perModel: 1 });
	const used = placeOf("a", [], { model: "used" });
	enter(admission, used);
	const learned = placeOf("a", [], { model: "learned" });
	enter(admission, learned);
	admission.leave(learned, taking(5_000), 5_000);
	const costs = (): number => {
		const [first, second] = [placeOf("a", [], { model: "learned" }), placeOf("a", [], { model: "learned" })];
		enter(admission, first, 6_000);
		assert.equal(enter(admission, second, 6_000), "waiting");
		admission.giveUp(second, 6_000);
		admission.leave(first, null, 6_000);
		return second.cost;
	};
	assert.equal(costs(), 5_000);
	for (let model = 0; model < 1_000; model++) {
		const place = placeOf("a", [], { model: `m${model}` });
		enter(admission, place);
		admission.leave(place, null, 6_000);
	}
	assert.equal(costs(), 1_000);
	assert.equal(enter(admission, placeOf("b", [], { model: "used" })), "waiting");
});

test("forgets who holds nothing, and nobody else", () => {
	const admission = new Admission({ ...SPEC, rate: { perMinute: 60, burst: 1 } });
	admission.rate("a", 0);
	admission.forgetIdle(500);
	assert.equal(admission.rate("a", 500).allowed, false);
	const b = placeOf("b");
	enter(admission, b);
	admission.forgetIdle(60_000);
	admission.leave(b, null, 60_000);
	assert.equal(admission.running, 0);
});

const act = fc.constantFrom("enter" as const, "leave" as const, "give up" as const, "forget" as const);
const steps = fc.array(
	fc.record({
		who: fc.constantFrom("a", "b", "c"),
		model: fc.constantFrom("m", "n", null),
		act,
		priority: fc.constantFrom("high" as const, "normal" as const, "low" as const),
	}),
	{ maxLength: 200, size: "max" },
);

test("never runs more than any bound, and nobody waits who could run, whatever comes and goes", () => {
	fc.assert(
		fc.property(steps, (all) => {
			const admission = new Admission({ ...SPEC, concurrency: { total: 3, perKey: 3, perModel: 2 }, queueSize: 3 });
			const places: Place[] = [];
			let now = 0;
			for (const { who, model, act, priority } of all) {
				now += 1;
				if (act === "enter") {
					const place = new Place(who, { weight: 1, priority }, model);
					place.listener = { hasTurn: () => undefined, gaveWay: () => places.splice(places.indexOf(place), 1) };
					const mine = places.filter(({ principal }) => principal === who).length;
					const result = enter(admission, place, now);
					assert.equal(result === "key-full", mine === 3);
					if (result === "running" || result === "waiting") places.push(place);
				} else if (act === "forget") {
					admission.forgetIdle(now);
				} else {
					const wanted = act === "leave" ? ["running"] : ["model", "total"];
					const place = places.find(({ principal, stage }) => principal === who && wanted.includes(stage));
					if (place === undefined) continue;
					places.splice(places.indexOf(place), 1);
					if (act === "leave") admission.leave(place, taking(now % 7), now);
					else assert.equal(admission.giveUp(place, now), true);
				}
				const running = places.filter(({ stage }) => stage === "running");
				const waiting = places.filter(({ stage }) => stage !== "running");
				assert.equal(admission.running, running.length);
				assert.equal(admission.queued, waiting.length);
				assert.ok(running.length <= 3 && waiting.length <= 3);
				for (const name of ["a", "b", "c"]) assert.ok(places.filter(({ principal }) => principal === name).length <= 3);
				for (const name of ["m", "n"]) assert.ok(running.filter((place) => place.model === name).length <= 2);
				for (const { stage, model: wanted } of waiting) {
					const held = places.filter((place) => place.model === wanted && place.stage !== "model").length;
					assert.ok(stage === "total" ? running.length === 3 : held === 2);
				}
			}
			for (const place of places) if (!admission.giveUp(place, now)) admission.leave(place, null, now);
			for (const place of places) admission.leave(place, null, now);
			assert.equal(admission.running, 0);
			assert.equal(admission.queued, 0);
		}),
	);
});
