import assert from "node:assert/strict";
import { test } from "node:test";

import { giveBackStartMemory } from "./start-memory.ts";

const OBJECTS = 500_000;

test("the heap is as small as before, in room as well as in objects, and nobody else can collect", () => {
	giveBackStartMemory();
	const before = process.memoryUsage();
	assert.equal(makeGarbage(), OBJECTS);
	assert.ok(process.memoryUsage().heapTotal > before.heapTotal * 2, "too little was made to see it go");
	giveBackStartMemory();
	const after = process.memoryUsage();
	assert.ok(after.heapUsed < before.heapUsed * 1.5, `${after.heapUsed} bytes after ${before.heapUsed}`);
	assert.ok(after.heapTotal < before.heapTotal * 1.5, `room of ${after.heapTotal} bytes after ${before.heapTotal}`);
	assert.equal(globalThis.gc, undefined);
});

function makeGarbage(): number {
	return Array.from({ length: OBJECTS }, (_, index) => ({ index, text: `number ${index}` })).length;
}
