import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";

import fc from "fast-check";

import { STREAM_SCRIPTS, type StreamDialect } from "./scripted.ts";
import { StreamCount } from "./stream-count.ts";

const TOKENS = 20;
const DIALECTS: readonly StreamDialect[] = ["ndjson", "sse"];

for (const dialect of DIALECTS) {
	const { token, closing } = STREAM_SCRIPTS[dialect];
	const whole = token.repeat(TOKENS) + closing(TOKENS);

	const refused: readonly (readonly [what: string, stream: string])[] = [
		["that lacks a token", token.repeat(TOKENS - 1) + closing(TOKENS)],
		["with a token too many", token.repeat(TOKENS + 1) + closing(TOKENS)],
		["without its closing", token.repeat(TOKENS)],
		["whose closing counts other tokens", token.repeat(TOKENS) + closing(TOKENS + 1)],
		["with a token that is longer", whole.replace("closed", "not closed")],
		["with a letter of its closing changed", token.repeat(TOKENS) + closing(TOKENS).replace("length", "Length")],
		["with a byte too many", `${whole} `],
	];
	for (const [what, stream] of refused) {
		test(`refuses ${dialect} ${what}`, () => {
			const count = counter(dialect);
			count.take(Buffer.from(stream));
			assert.throws(() => count.end(), /a stream of 20 tokens/);
		});
	}

	test(`refuses ${dialect} that was written anew and lacks half its tokens`, () => {
		const count = counter(dialect, true);
		count.take(Buffer.from(token.repeat(TOKENS / 2) + closing(TOKENS)));
		assert.throws(() => count.end(), /ended after/);
	});

	test(`permits ${dialect} that was written anew, with an event more`, () => {
		const count = counter(dialect, true);
		count.take(Buffer.from((token + whole).replaceAll("closed", "CLOSED")));
		count.end();
	});

	test(`counts each token of two streams of ${dialect} once, wherever the reads are split`, () => {
		fc.assert(
			fc.property(fc.array(fc.nat(whole.length), { maxLength: 8 }), (cuts) => {
				const count = counter(dialect);
				for (let stream = 0; stream < 2; stream += 1) {
					const edges = [0, ...cuts.toSorted((a, b) => a - b), whole.length];
					let units = 0;
					for (const [index, from] of edges.entries()) units += count.take(Buffer.from(whole.slice(from, edges[index + 1] ?? from)));
					count.end();
					assert.equal(units, TOKENS);
				}
			}),
		);
	});
}

test("refuses SSE that was written anew and lacks its last word", () => {
	const count = counter("sse", true);
	count.take(Buffer.from(STREAM_SCRIPTS.sse.token.repeat(TOKENS + 1)));
	assert.throws(() => count.end(), /ended after/);
});

function counter(dialect: StreamDialect, rewritten = false): StreamCount {
	return new StreamCount(STREAM_SCRIPTS[dialect], TOKENS, rewritten);
}
