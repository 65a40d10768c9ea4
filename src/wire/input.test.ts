import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { Input } from "./input.ts";

test("hands out every octet once, in order, however it was pushed and taken, and never writes over a view", () => {
	const step = fc.oneof(fc.record({ push: fc.uint8Array({ maxLength: 40, size: "max" }) }), fc.record({ take: fc.nat({ max: 50 }) }));
	fc.assert(
		fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
			const input = new Input();
			const pushed: Buffer[] = [];
			const taken: Buffer[] = [];
			for (const one of steps) {
				if ("push" in one) {
					pushed.push(Buffer.from(one.push));
					input.push(Buffer.from(one.push));
				} else {
					taken.push(input.take(Math.min(one.take, input.size)));
				}
			}
			if (input.size > 0) taken.push(input.take(input.size));
			assert.deepEqual(Buffer.concat(taken), Buffer.concat(pushed));
			assert.equal(input.size, 0);
		}),
	);
});

test("lets a chunk go once it was consumed", () => {
	const input = new Input();
	const chunk = Buffer.alloc(65_536);
	input.push(chunk);
	input.take(65_535);
	input.consume(1);
	assert.notEqual(input.bytes.buffer, chunk.buffer);
});

test("octets pushed one at a time are not copied each time", () => {
	const input = new Input();
	const buffers = new Set<ArrayBufferLike>();
	for (let at = 0; at < 16_384; at++) {
		input.push(Buffer.alloc(1));
		buffers.add(input.bytes.buffer);
	}
	assert.ok(buffers.size < 20, `${buffers.size} buffers`);
});
