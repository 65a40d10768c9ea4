import assert from "node:assert/strict";
import { test } from "node:test";

import { newRequestId } from "./request-id.ts";

test("a thousand requests have a thousand names, each a UUID of version 4", () => {
	const ids = Array.from({ length: 1_000 }, newRequestId);
	assert.equal(new Set(ids).size, 1_000);
	for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("every digit but those of version and variant takes every value", () => {
	const ids = Array.from({ length: 1_000 }, newRequestId);
	for (let at = 0; at < 36; at++) {
		const expected = [8, 13, 18, 23, 14].includes(at) ? 1 : at === 19 ? 4 : 16;
		assert.equal(new Set(ids.map((id) => id[at])).size, expected, `place ${at}`);
	}
});
