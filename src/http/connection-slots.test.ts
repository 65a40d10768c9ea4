import assert from "node:assert/strict";
import { test } from "node:test";
import { ConnectionSlots } from "./connection-slots.ts";

const nothing = (): void => undefined;

test("refuses beyond the total and beyond one address's share", () => {
	const slots = new ConnectionSlots({ total: 3, perAddress: 2, unauthenticatedPerAddress: 2 });
	assert.notEqual(slots.take("a", nothing), null);
	assert.notEqual(slots.take("a", nothing), null);
	assert.equal(slots.take("a", nothing), null);
	assert.notEqual(slots.take("b", nothing), null);
	assert.equal(slots.take("c", nothing), null);
	assert.equal(slots.open, 3);
});

test("a stranger too many waits until one of its address is known or gone", () => {
	const begun: number[] = [];
	const slots = new ConnectionSlots({ total: 9, perAddress: 9, unauthenticatedPerAddress: 2 });
	const first = slots.take("a", () => begun.push(1));
	const second = slots.take("a", () => begun.push(2));
	slots.take("a", () => begun.push(3));
	slots.take("a", () => begun.push(4));
	slots.take("b", () => begun.push(5));
	assert.deepEqual(begun, [1, 2, 5]);
	first?.known();
	first?.known();
	assert.deepEqual(begun, [1, 2, 5, 3]);
	second?.release();
	assert.deepEqual(begun, [1, 2, 5, 3, 4]);
});

test("who leaves while waiting takes no room later", () => {
	const begun: number[] = [];
	const slots = new ConnectionSlots({ total: 9, perAddress: 9, unauthenticatedPerAddress: 1 });
	const first = slots.take("a", () => begun.push(1));
	const waiting = slots.take("a", () => begun.push(2));
	slots.take("a", () => begun.push(3));
	waiting?.release();
	first?.release();
	assert.deepEqual(begun, [1, 3]);
	assert.equal(slots.open, 1);
});

test("a slot is given back once", () => {
	const slots = new ConnectionSlots({ total: 2, perAddress: 2, unauthenticatedPerAddress: 2 });
	const slot = slots.take("a", nothing);
	slots.take("a", nothing);
	slot?.release();
	slot?.release();
	assert.equal(slots.open, 1);
});
