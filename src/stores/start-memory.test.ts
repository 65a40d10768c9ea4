import assert from "node:assert/strict";
import { test } from "node:test";
import { isMainThread, parentPort, Worker } from "node:worker_threads";

import { giveBackStartMemory } from "./start-memory.ts";

const OBJECTS = 500_000;
const THREADS = 8;

if (isMainThread) {
	test("the heap is as small as before, in room as well as in objects, and nobody else can collect", async () => {
		await giveBackStartMemory();
		const before = process.memoryUsage();
		assert.equal(makeGarbage(), OBJECTS);
		assert.ok(process.memoryUsage().heapTotal > before.heapTotal * 2, "too little was made to see it go");
		await giveBackStartMemory();
		const after = process.memoryUsage();
		assert.ok(after.heapUsed < before.heapUsed * 1.5, `${after.heapUsed} bytes after ${before.heapUsed}`);
		assert.ok(after.heapTotal < before.heapTotal * 1.5, `room of ${after.heapTotal} bytes after ${before.heapTotal}`);
		assert.equal(globalThis.gc, undefined);
	});

	test("threads that start at once each give back theirs, and none gets in another's way", async () => {
		const failures = await Promise.all(Array.from({ length: THREADS }, failureOfOneThread));
		assert.deepEqual(failures, Array<null>(THREADS).fill(null));
	});
} else {
	for (let time = 0; time < 10; time++) await giveBackStartMemory();
	parentPort?.postMessage("given back");
}

/** Null where the thread ended well; its error otherwise. */
function failureOfOneThread(): Promise<unknown> {
	return new Promise((resolve) => {
		const worker = new Worker(new URL(import.meta.url));
		worker.on("error", resolve);
		worker.on("message", () => resolve(null));
	});
}

function makeGarbage(): number {
	return Array.from({ length: OBJECTS }, (_, index) => ({ index, text: `number ${index}` })).length;
}
