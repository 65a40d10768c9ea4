import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { chatRequest, type Play, playIn } from "./play.ts";

for (const text of [
	"",
	'{"model":"door:latest"}',
	'{"content":"play paced 25"}',
	'{"content":"play dead"}',
	'{"content":"do not play flood"}',
]) {
	test(`there is no play in ${text}`, () => assert.equal(playIn(text), null));
}

test("what a caller asks for is what the upstream reads, with or without a key", () => {
	const plays: fc.Arbitrary<Play> = fc.oneof(
		fc.record({ kind: fc.constant("paced" as const), everyMs: fc.nat(), tokens: fc.nat() }, { noNullPrototype: true }),
		fc.constantFrom<Play>({ kind: "flood" }, { kind: "held" }, { kind: "silent" }),
	);
	fc.assert(
		fc.property(plays, fc.option(fc.constant("Bearer x")), (play, authorization) => {
			const [head = "", body = ""] = chatRequest(play, authorization).toString("latin1").split("\r\n\r\n");
			assert.deepEqual(playIn(body), play);
			assert.equal(head.includes("Authorization: Bearer x\r\n"), authorization !== null);
			assert.match(head, new RegExp(`\\r\\nContent-Length: ${body.length}$`));
		}),
	);
});
