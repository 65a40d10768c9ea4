import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";

import fc from "fast-check";

import { AnswerReader } from "./answer-reader.ts";

const refused: readonly (readonly [what: string, answer: string, why: RegExp])[] = [
	["another status", "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", /status 200/],
	["another protocol", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", /status 200/],
	["a body without a length", "HTTP/1.1 200 OK\r\n\r\n", /neither one length nor chunks/],
	["a length beside chunks", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", /neither one length nor chunks/],
	["bytes behind the end", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab", /behind an answer's end/],
	["a chunk whose size is none", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", /not the size of a chunk/],
	["a chunk longer than its size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", /behind a chunk's end/],
];

for (const [what, answer, why] of refused) {
	test(`refuses ${what}`, () => {
		assert.throws(() => new AnswerReader(() => undefined).push(Buffer.from(answer)), why);
	});
}

const answers: readonly (readonly [what: string, answer: string, body: string])[] = [
	["a length", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", "hello"],
	["no body", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""],
	["chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", "hello"],
	["a trailer", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\nX-B: c\r\n\r\n", "0123456789"],
];

for (const [what, answer, body] of answers) {
	test(`reads two answers with ${what}, wherever the reads are split`, () => {
		fc.assert(
			fc.property(fc.array(fc.nat(answer.length), { maxLength: 8 }), (cuts) => {
				let read = "";
				const reader = new AnswerReader((bytes) => {
					read += bytes.toString("latin1");
				});
				for (const round of [1, 2]) {
					assert.equal(pushInPieces(reader, answer, cuts), true);
					assert.equal(read, body.repeat(round));
				}
			}),
		);
	});
}

function pushInPieces(reader: AnswerReader, answer: string, cuts: readonly number[]): boolean {
	const edges = [0, ...cuts.toSorted((a, b) => a - b), answer.length];
	let ended = false;
	for (const [index, from] of edges.entries()) {
		const piece = answer.slice(from, edges[index + 1] ?? from);
		if (piece === "") continue;
		assert.equal(ended, false, "ended before its last byte");
		ended = reader.push(Buffer.from(piece));
	}
	return ended;
}
