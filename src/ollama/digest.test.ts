import assert from "node:assert/strict";
import { test } from "node:test";

import { parseDigest } from "./digest.ts";

const HEX = "0123456789abcdef".repeat(4);

for (const text of [
	"",
	"nonsense",
	HEX,
	`sha256:${HEX}0`,
	`sha256:${HEX.slice(1)}`,
	`sha256/${HEX}`,
	`sha512:${HEX}`,
	`SHA256:${HEX}`,
	`sha256:${HEX.slice(2)}..`,
	`sha256:${HEX}\n`,
]) {
	test(`refuses ${JSON.stringify(text).slice(0, 30)} as a digest`, () => assert.equal(parseDigest(text), null));
}

test("brings both separators and both cases into one spelling", () => {
	for (const text of [`sha256:${HEX}`, `sha256-${HEX}`, `sha256:${HEX.toUpperCase()}`]) assert.equal(parseDigest(text), `sha256:${HEX}`);
});
