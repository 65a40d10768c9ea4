import assert from "node:assert/strict";
import { test } from "node:test";

import { HeaderFields } from "./header-fields.ts";

const fields = new HeaderFields(["accept", "x-api-key", "accept"], ["a", "", "b"]);

test("a field that is missing is undefined, one that is empty is not", () => {
	assert.equal(fields.get("host"), undefined);
	assert.deepEqual(fields.all("host"), []);
	assert.equal(fields.get("x-api-key"), "");
});

test("the first value is got, all values are seen, in order", () => {
	assert.equal(fields.get("accept"), "a");
	assert.deepEqual(fields.all("accept"), ["a", "b"]);
	assert.equal(fields.size, 3);
	assert.deepEqual(
		[...fields],
		[
			["accept", "a"],
			["x-api-key", ""],
			["accept", "b"],
		],
	);
});

test("positions count from 0; beyond the last there is nothing", () => {
	assert.deepEqual([fields.nameAt(2), fields.valueAt(2)], ["accept", "b"]);
	assert.deepEqual([fields.nameAt(3), fields.valueAt(3)], ["", ""]);
});
