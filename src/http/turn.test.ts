import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";

import fc from "fast-check";

import { arrived, handOn, LARGE_BYTES, toWrite } from "./turn.ts";

const SMALL = Buffer.alloc(10);

function told(seen: string[], what: string) {
	return { writeNow: () => void seen.push(what) };
}

/** Put off from within a turn, it comes with the next one: what was seen before it was seen in the same turn. */
function markTurn(seen: string[]): void {
	setImmediate(() => seen.push("another turn"));
}

test("a piece is not dealt with while it is read: other sockets may have brought something too", async () => {
	const seen: string[] = [];
	arrived(() => seen.push("dealt with"), SMALL);
	assert.deepEqual(seen, []);
	await nextTurn();
	assert.deepEqual(seen, ["dealt with"]);
});

test("all that arrived is dealt with before any of it is written, whatever was to be written already", async () => {
	const seen: string[] = [];
	toWrite(told(seen, "write of a stream"));
	for (const name of ["one", "two"]) {
		arrived(() => {
			markTurn(seen);
			seen.push(`request ${name}`);
			toWrite(told(seen, `write ${name}`));
		}, SMALL);
	}
	await nextTurn();
	assert.deepEqual(seen, ["request one", "request two", "write of a stream", "write one", "write two"]);
	await nextTurn();
});

test("promises are kept between the two: an answer that waited for some is written in the same turn", async () => {
	const seen: string[] = [];
	const answer = async (name: string, steps: number): Promise<void> => {
		for (let step = 0; step < steps; step += 1) await Promise.resolve();
		seen.push(`answer ${name}`);
		toWrite(told(seen, `write ${name}`));
	};
	arrived(() => {
		markTurn(seen);
		void answer("slow", 20);
	}, SMALL);
	arrived(() => void answer("quick", 1), SMALL);
	await nextTurn();
	await nextTurn();
	assert.deepEqual(seen, ["answer quick", "answer slow", "write quick", "write slow", "another turn"]);
});

/** As a socket does that is resumed by a request: what it holds comes after the turn's pieces were dealt with, and before the turn is over. */
test("a piece that comes while a turn's promises are kept is dealt with in the next turn, though no other follows", async () => {
	const seen: string[] = [];
	arrived(() => {
		markTurn(seen);
		queueMicrotask(() => arrived(() => seen.push("late piece"), SMALL));
		toWrite(told(seen, "write"));
	}, SMALL);
	await nextTurn();
	await nextTurn();
	assert.deepEqual(seen, ["write", "another turn", "late piece"]);
});

test("so is one that comes with another piece, or with a write", async () => {
	const seen: string[] = [];
	arrived(() => arrived(() => seen.push("of a piece"), SMALL), SMALL);
	toWrite({ writeNow: () => arrived(() => seen.push("of a write"), SMALL) });
	await nextTurn();
	await nextTurn();
	assert.deepEqual(seen, ["of a piece", "of a write"]);
});

test("a turn costs two callbacks, however much arrives in it", async (context) => {
	const asked = context.mock.method(globalThis, "setImmediate");
	for (let count = 0; count < 100; count += 1) {
		arrived(() => undefined, SMALL);
		toWrite(told([], "write"));
	}
	assert.equal(asked.mock.callCount(), 2);
	await nextTurn();
});

test("who wants to write while it writes is asked again in the next turn", async () => {
	const seen: string[] = [];
	toWrite({
		writeNow: () => {
			markTurn(seen);
			seen.push("first");
			toWrite(told(seen, "second"));
		},
	});
	await nextTurn();
	assert.deepEqual(seen, ["first"]);
	await nextTurn();
	await nextTurn();
	assert.deepEqual(seen, ["first", "another turn", "second"]);
});

test("who is called before a connection ends deals with what arrived, once", async () => {
	const seen: string[] = [];
	for (const name of ["one", "two"]) arrived(() => seen.push(name), SMALL);
	handOn();
	assert.deepEqual(seen, ["one", "two"]);
	await nextTurn();
	assert.deepEqual(seen, ["one", "two"]);
});

test("a large piece is dealt with at once, after what came before it", async () => {
	const seen: number[] = [];
	const take = ({ length }: Buffer) => void seen.push(length);
	arrived(take, Buffer.alloc(LARGE_BYTES - 1));
	assert.deepEqual(seen, []);
	arrived(take, Buffer.alloc(LARGE_BYTES));
	assert.deepEqual(seen, [LARGE_BYTES - 1, LARGE_BYTES]);
	await nextTurn();
});

test("no more than a mebibyte of small pieces waits, in whatever turn", async () => {
	const piece = Buffer.alloc(8 * 1024);
	let taken = 0;
	const fill = () => {
		for (let count = 0; count < 128; count += 1) arrived(() => void (taken += 1), piece);
	};
	fill();
	assert.equal(taken, 0);
	await nextTurn();
	assert.equal(taken, 128);
	fill();
	assert.equal(taken, 128);
	arrived(() => void (taken += 1), SMALL);
	assert.equal(taken, 257);
	await nextTurn();
});

test("whatever arrives in whatever sizes is dealt with once and in its order", async () => {
	const size = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: LARGE_BYTES - 1, max: LARGE_BYTES + 1 }));
	await fc.assert(
		fc.asyncProperty(
			fc.array(fc.tuple(size, fc.constantFrom("at once", "later", "hand on", "turn")), { maxLength: 30, size: "max" }),
			async (pieces) => {
				const seen: number[] = [];
				const brought: number[] = [];
				for (const [length, then] of pieces) {
					const number = brought.push(length);
					arrived((bytes) => {
						assert.equal(bytes.length, length);
						seen.push(number);
					}, Buffer.alloc(length));
					if (then === "later") await Promise.resolve();
					else if (then === "hand on") handOn();
					else if (then === "turn") await nextTurn();
				}
				await nextTurn();
				assert.deepEqual(
					seen,
					[...brought.keys()].map((index) => index + 1),
				);
			},
		),
		{ numRuns: 100 },
	);
});
