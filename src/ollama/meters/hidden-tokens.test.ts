import assert from "node:assert/strict";
import { test } from "node:test";

import { hiddenTokensIn } from "./hidden-tokens.ts";

for (const [text, hidden] of [
	["", 0],
	['{"response":" door","done":false}', 0],
	['{"response":"é"}', 1],
	["门", 2],
	["🚪", 3],
	["门🚪é", 6],
] as const) {
	test(`'${text}' may hide ${hidden} tokens`, () => assert.equal(hiddenTokensIn(Buffer.from(text)), hidden));
}
