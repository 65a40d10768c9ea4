import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Priority } from "../model/priority.ts";
import { FairQueue, type Queued, SHARES } from "./fair-queue.ts";
import type { Line } from "./line-heap.ts";

class Item implements Queued<Item> {
	readonly principal: string;
	readonly cost: number;
	readonly standing: { readonly weight: number; readonly priority: Priority };
	line: Line<Item> | null = null;
	before: Item | null = null;
	after: Item | null = null;

	constructor(principal: string, cost = 1, weight = 1, priority: Priority = "normal") {
		this.principal = principal;
		this.cost = cost;
		this.standing = { weight, priority };
	}
}

function filled(items: readonly Item[]): FairQueue<Item> {
	const queue = new FairQueue<Item>();
	for (const item of items) queue.push(item);
	return queue;
}

function times(count: number, make: () => Item): readonly Item[] {
	return Array.from({ length: count }, make);
}

function served(queue: FairQueue<Item>, most = Number.POSITIVE_INFINITY): readonly Item[] {
	const items: Item[] = [];
	while (items.length < most) {
		const item = queue.shift();
		if (item === undefined) break;
		items.push(item);
	}
	return items;
}

function names(items: readonly Item[]): string {
	return items.map(({ principal }) => principal).join("");
}

function countOf(name: string, all: string): number {
	return all.split(name).length - 1;
}

test("a principal with many waiting requests delays another by one", () => {
	const queue = filled(times(50, () => new Item("g")));
	assert.equal(queue.shift()?.principal, "g");
	queue.push(new Item("m"));
	assert.match(names(served(queue, 2)), /m/);
});

test("time is shared and not turns: who asks for long answers is served less often", () => {
	const queue = filled([...times(20, () => new Item("l", 9)), ...times(60, () => new Item("s", 3))]);
	const first = names(served(queue, 40));
	assert.equal(countOf("l", first), 10);
});

test("a weight is a share of the time", () => {
	const queue = filled([...times(40, () => new Item("a", 1, 3)), ...times(40, () => new Item("b", 1, 1))]);
	assert.equal(countOf("a", names(served(queue, 40))), 30);
});

test("a priority has its share however many wait in another, and what comes with a high one is next", () => {
	const queue = filled([
		...Array.from({ length: 200 }, (_, at) => new Item(`low ${at}`, 1, 1, "low")),
		...times(300, () => new Item("n", 1, 1, "normal")),
	]);
	served(queue, 10);
	queue.push(new Item("h", 1, 1, "high"));
	assert.equal(queue.shift()?.principal, "h");
	for (const item of times(300, () => new Item("h", 1, 1, "high"))) queue.push(item);
	const all = SHARES.high + SHARES.normal + SHARES.low;
	const counts = { high: 0, normal: 0, low: 0 };
	for (const { standing } of served(queue, 10 * all)) counts[standing.priority] += 1;
	for (const priority of ["high", "normal", "low"] as const)
		assert.ok(Math.abs(counts[priority] - 10 * SHARES[priority]) <= 12, `${counts.low}`);
	assert.ok(counts.low >= 9);
});

test("who comes new begins at the queue's time: nobody saves up, nobody pays for others", () => {
	const queue = filled([...times(100, () => new Item("a")), ...times(100, () => new Item("b"))]);
	served(queue, 100);
	for (const item of times(10, () => new Item("c"))) queue.push(item);
	const next = names(served(queue, 9));
	assert.equal(countOf("c", next), 3, next);
});

test("what a request cost beyond what was expected is charged, and what it cost less is given back", () => {
	const queue = filled([...times(30, () => new Item("a")), ...times(30, () => new Item("b"))]);
	assert.equal(names(served(queue, 2)), "ab");
	queue.charge("a", { weight: 1, priority: "normal" }, 5);
	assert.equal(names(served(queue, 5)), "bbbbb");
	queue.charge("a", { weight: 1, priority: "normal" }, -3);
	assert.match(names(served(queue, 3)), /^aaa$/);
});

test("what was charged is forgotten when nobody waits any more", () => {
	const queue = filled([new Item("a"), new Item("b")]);
	queue.charge("a", { weight: 1, priority: "normal" }, 1_000);
	const before = queue.backlog;
	served(queue);
	assert.equal(queue.backlog, before + 1);
	queue.charge("a", { weight: 1, priority: "normal" }, 1_000);
	for (const item of [new Item("a"), new Item("b"), new Item("a"), new Item("b")]) queue.push(item);
	assert.equal(names(served(queue)), "abab");
});

test("what was removed is not served, and is removed once", () => {
	const [first, second] = [new Item("a"), new Item("a")];
	const queue = filled([first, second]);
	assert.equal(queue.remove(first), true);
	assert.equal(queue.remove(first), false);
	assert.equal(queue.shift(), second);
	assert.equal(queue.remove(second), false);
	assert.equal(queue.shift(), undefined);
	assert.equal(queue.size, 0);
});

test("says whose line is the longest, by weight, and what came last in it", () => {
	const last = new Item("a");
	const queue = filled([...times(4, () => new Item("a")), last, ...times(6, () => new Item("b", 1, 2)), new Item("c", 1, 1, "low")]);
	assert.equal(queue.longest(), last);
	assert.equal(queue.lengthOf(last), 5);
	assert.equal(queue.waiting("normal"), 11);
	assert.equal(queue.waiting("low"), 1);
});

test("says how much is likely to be served before", () => {
	const queue = filled(times(10, () => new Item("a", 2)));
	const last = new Item("a", 2);
	assert.equal(queue.workBefore(last), 20);
	queue.push(last);
	assert.equal(queue.workBefore(last), 20);
	assert.equal(queue.workBefore(new Item("b", 2)), 0);
	for (const item of times(3, () => new Item("b", 2))) queue.push(item);
	// Six of the time of `b` are as much as six of `a`.
	assert.equal(queue.workBefore(new Item("b", 2)), 12);
	assert.equal(queue.workBefore(new Item("c", 2, 1, "high")), 0);
	assert.equal(queue.cost, 28);
});

test("says how much is likely to be served before, of what is left and of other priorities too", () => {
	const two = filled([...times(4, () => new Item("a", 2)), ...times(10, () => new Item("b", 2))]);
	served(two, 4);
	assert.equal(two.workBefore(new Item("a", 2)), 12);
	const three = filled([...times(6, () => new Item("a", 2)), ...times(20, () => new Item("b", 2)), new Item("c", 2)]);
	assert.equal(names(served(three, 3)), "abc");
	assert.equal(three.workBefore(new Item("a", 2)), 24);
	const levels = filled([...times(8, () => new Item("a", 2)), ...times(100, () => new Item("l", 1, 1, "low"))]);
	assert.equal(levels.workBefore(new Item("a", 2)), 20);
	const [first, last] = [new Item("a", 2), new Item("a", 2)];
	const line = filled([first, new Item("a", 2), last, ...times(9, () => new Item("b", 1))]);
	assert.deepEqual([line.workBefore(first), line.workBefore(last)], [0, 8]);
	const alone = filled([new Item("a", 2), last]);
	alone.charge("a", { weight: 1, priority: "normal" }, 9);
	assert.equal(alone.workBefore(last), 2);
});

test("a priority that comes new begins at the queue's time, and has no time saved up", () => {
	const queue = filled([...times(500, () => new Item("n")), ...times(500, () => new Item("l", 1, 1, "low"))]);
	served(queue, 200);
	for (const item of times(300, () => new Item("h", 1, 1, "high"))) queue.push(item);
	const next = names(served(queue, 42));
	assert.ok(countOf("n", next) >= 7 && countOf("l", next) >= 1, next);
});

test("a priority begins a backlog with no debt of an earlier one", () => {
	const queue = filled(times(100, () => new Item("n")));
	served(queue);
	for (const item of [...times(20, () => new Item("n")), ...times(20, () => new Item("l", 1, 1, "low"))]) queue.push(item);
	assert.ok(countOf("l", names(served(queue, 10))) <= 3);
});

test("a priority pays for what its requests cost beyond what was expected", () => {
	const queue = filled([...times(40, () => new Item("n")), ...times(40, () => new Item("h", 1, 1, "high"))]);
	queue.charge("h", { weight: 1, priority: "high" }, 16 * 5);
	assert.equal(names(served(queue, 20)), "n".repeat(20));
});

test("whoever waits no more pays when it comes again, also where the idle were forgotten meanwhile", () => {
	const queue = filled(times(40, () => new Item("b")));
	served(queue, 20);
	queue.charge("a", { weight: 1, priority: "normal" }, 5);
	queue.forgetIdle();
	queue.push(new Item("a"));
	const next = names(served(queue, 8));
	assert.ok(next.startsWith("bbbb") && next.includes("a"), next);
});

test("of two who have had as much, whoever was served longer ago is next", () => {
	const queue = filled([...times(5, () => new Item("b", 1)), ...times(5, () => new Item("a", 2))]);
	assert.equal(names(served(queue, 4)), "baba");
});

const someone = fc.constantFrom("a" as const, "b" as const, "c" as const, "d" as const);
const step = fc.oneof(
	{ weight: 4, arbitrary: fc.record({ act: fc.constant("push" as const), who: someone, cost: fc.integer({ min: 1, max: 9 }) }) },
	{ weight: 3, arbitrary: fc.record({ act: fc.constant("shift" as const), who: someone, cost: fc.constant(0) }) },
	{ weight: 1, arbitrary: fc.record({ act: fc.constant("remove" as const), who: someone, cost: fc.nat(20) }) },
	{ weight: 1, arbitrary: fc.record({ act: fc.constant("charge" as const), who: someone, cost: fc.integer({ min: -5, max: 20 }) }) },
);
const STANDINGS = {
	a: { weight: 1, priority: "normal" },
	b: { weight: 3, priority: "normal" },
	c: { weight: 1, priority: "high" },
	d: { weight: 2, priority: "low" },
} as const;

test("serves everything once, each principal's in their order, and never nothing while somebody waits", () => {
	fc.assert(
		fc.property(fc.array(step, { maxLength: 120, size: "max" }), (steps) => {
			const queue = new FairQueue<Item>();
			const waiting: Item[] = [];
			for (const { act, who, cost } of steps) {
				const standing = STANDINGS[who];
				if (act === "push") {
					const item = new Item(who, cost, standing.weight, standing.priority);
					waiting.push(item);
					queue.push(item);
				} else if (act === "shift") {
					const item = queue.shift();
					assert.equal(item === undefined, waiting.length === 0);
					if (item === undefined) continue;
					assert.equal(
						item,
						waiting.find(({ principal }) => principal === item.principal),
					);
					waiting.splice(waiting.indexOf(item), 1);
				} else if (act === "remove") {
					const [item] = waiting.splice(cost % Math.max(1, waiting.length), 1);
					if (item !== undefined) assert.equal(queue.remove(item), true);
				} else {
					queue.charge(who, standing, cost);
				}
				assert.equal(queue.size, waiting.length);
				assert.equal(
					queue.cost,
					waiting.reduce((sum, item) => sum + item.cost, 0),
				);
				const most = queue.longest();
				assert.equal(most === undefined, waiting.length === 0);
			}
			queue.forgetIdle();
			assert.equal(served(queue).length, waiting.length);
		}),
	);
});

test("who waits all the time is behind nobody by more than one request of each, whatever the costs (the bound of the algorithm)", () => {
	const costs = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 60, maxLength: 60 });
	const weight = fc.integer({ min: 1, max: 8 });
	fc.assert(
		fc.property(costs, costs, weight, weight, fc.integer({ min: 1, max: 50 }), (ours, theirs, ourWeight, theirWeight, rounds) => {
			const queue = filled([
				...ours.map((cost) => new Item("a", cost, ourWeight)),
				...theirs.map((cost) => new Item("b", cost, theirWeight)),
			]);
			const used = { a: 0, b: 0 };
			for (const { principal, cost } of served(queue, rounds)) used[principal === "a" ? "a" : "b"] += cost;
			const lag = Math.abs(used.a / ourWeight - used.b / theirWeight);
			assert.ok(lag <= Math.max(...ours) / ourWeight + Math.max(...theirs) / theirWeight + 1e-9, `${lag}`);
		}),
	);
});

test("nobody starves: whatever comes later, everything is served within a number of turns that the shares bound", () => {
	fc.assert(
		fc.property(fc.constantFrom("high", "normal", "low"), fc.integer({ min: 1, max: 5 }), (priority, others) => {
			const queue = new FairQueue<Item>();
			const patient = new Item("patient", 1, 1, priority);
			const flood = (): void => {
				for (let who = 0; who < others; who++)
					for (const each of ["high", "normal", "low"] as const) queue.push(new Item(`${each} ${who}`, 1, 1, each));
			};
			for (let round = 0; round < 3; round++) flood();
			queue.push(patient);
			const all = SHARES.high + SHARES.normal + SHARES.low;
			const bound = (others + 1) * Math.ceil(all / SHARES[priority]) + 3;
			for (let turn = 0; turn <= bound; turn++) {
				if (queue.shift() === patient) return;
				flood();
			}
			assert.fail(`not served within ${bound} turns`);
		}),
	);
});
