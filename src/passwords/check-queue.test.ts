import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { CheckQueue, type Place } from "./check-queue.ts";

interface Item extends Place {
	readonly name: string;
}

const item = (network: string, account: string, standing: 0 | 1 | 2 = 1, name = `${network}/${account}`): Item => ({
	network,
	account,
	standing,
	name,
});

function drained(queue: CheckQueue<Item>): readonly string[] {
	const names: string[] = [];
	for (let next = queue.shift(); next !== undefined; next = queue.shift()) names.push(next.name);
	return names;
}

test("one network with fifty guesses delays another by one", () => {
	const queue = new CheckQueue<Item>(100);
	for (let guess = 0; guess < 50; guess += 1) queue.push(item("evil", `user${guess}`));
	queue.push(item("home", "alice"));
	assert.equal(drained(queue).indexOf("home/alice"), 1);
});

test("fifty guesses at one account delay another account of the same network by one", () => {
	const queue = new CheckQueue<Item>(100);
	for (let guess = 0; guess < 50; guess += 1) queue.push(item("office", "bob"));
	queue.push(item("office", "alice"));
	assert.equal(drained(queue).indexOf("office/alice"), 1);
});

test("who is known goes before strangers, and strangers before those who have been guessing, however many wait", () => {
	const queue = new CheckQueue<Item>(100);
	for (let guess = 0; guess < 50; guess += 1) queue.push(item(`bot${guess}`, "bob", 2));
	queue.push(item("new", "carol", 1));
	queue.push(item("home", "alice", 0));
	assert.deepEqual(drained(queue).slice(0, 3), ["home/alice", "new/carol", "bot0/bob"]);
});

test("a full queue takes whoever has a better standing, in the place of the newest of the longest line of the worst", () => {
	const queue = new CheckQueue<Item>(4);
	queue.push(item("a", "x", 2, "a1"));
	queue.push(item("b", "x", 2, "b1"));
	queue.push(item("b", "x", 2, "b2"));
	queue.push(item("c", "x", 1, "c1"));
	const pushed = queue.push(item("home", "alice", 0, "alice"));
	assert.ok(pushed.taken);
	assert.equal(pushed.crowdedOut?.name, "b2");
	assert.deepEqual(drained(queue), ["alice", "c1", "a1", "b1"]);
});

test("a full queue of one network takes another network of the same standing, and the first account of its own", () => {
	const queue = new CheckQueue<Item>(4);
	for (let guess = 0; guess < 4; guess += 1) queue.push(item("evil", "bob", 1, `guess${guess}`));
	const other = queue.push(item("home", "alice"));
	assert.ok(other.taken);
	assert.equal(other.crowdedOut?.name, "guess3");
	const neighbour = queue.push(item("evil", "carol"));
	assert.ok(neighbour.taken);
	assert.equal(neighbour.crowdedOut?.name, "guess2");
	assert.deepEqual(queue.push(item("evil", "bob")), { taken: false });
});

test("a full queue refuses whoever has no better claim than those who wait", () => {
	const queue = new CheckQueue<Item>(2);
	queue.push(item("a", "x"));
	queue.push(item("b", "x"));
	assert.deepEqual(queue.push(item("c", "x")), { taken: false });
	assert.deepEqual(queue.push(item("c", "x", 2)), { taken: false });
	assert.deepEqual(drained(queue), ["a/x", "b/x"]);
});

test("whoever leaves gives up the place, once", () => {
	const queue = new CheckQueue<Item>(2);
	const leaving = item("a", "x");
	queue.push(leaving);
	queue.push(item("b", "x"));
	assert.equal(queue.remove(leaving), true);
	assert.equal(queue.remove(leaving), false);
	assert.deepEqual(drained(queue), ["b/x"]);
	assert.equal(queue.remove(leaving), false);
});

test("whatever comes and goes, nobody is lost, nobody is served twice, and the bound holds", () => {
	const places = fc.record({
		network: fc.constantFrom("a", "b", "c"),
		account: fc.constantFrom("x", "y"),
		standing: fc.constantFrom(0 as const, 1 as const, 2 as const),
	});
	const acts = fc.array(fc.oneof(fc.record({ push: places }), fc.constantFrom("shift" as const, "remove" as const)), {
		maxLength: 60,
		size: "max",
	});
	fc.assert(
		fc.property(acts, (all) => {
			const queue = new CheckQueue<Item>(5);
			const inside = new Set<Item>();
			let number = 0;
			for (const act of all) {
				if (act === "shift") {
					const next = queue.shift();
					assert.equal(next === undefined, inside.size === 0);
					if (next !== undefined) {
						assert.ok(inside.delete(next));
						for (const { standing } of inside) assert.ok(next.standing <= standing);
					}
				} else if (act === "remove") {
					const [first] = inside;
					if (first !== undefined) {
						assert.ok(queue.remove(first));
						inside.delete(first);
					}
				} else {
					const added: Item = { ...act.push, name: String(++number) };
					const pushed = queue.push(added);
					assert.ok(pushed.taken || inside.size === 5);
					if (pushed.taken) inside.add(added);
					if (pushed.taken && pushed.crowdedOut !== null) {
						assert.ok(pushed.crowdedOut !== added && pushed.crowdedOut.standing >= added.standing);
						assert.ok(inside.delete(pushed.crowdedOut));
					}
				}
				assert.equal(queue.size, inside.size);
				assert.ok(queue.size <= 5);
			}
		}),
	);
});
