import assert from "node:assert/strict";
import { test } from "node:test";

import { ADVISORIES } from "../virtual-patches/advisories.ts";
import { VIRTUAL_PATCHES } from "../virtual-patches/index.ts";
import { CRITERIA } from "./criteria/index.ts";

test("every advisory that a request rule stops is named by a patch or a criterion", () => {
	const named = new Set([...VIRTUAL_PATCHES, ...CRITERIA].flatMap(({ advisories }) => advisories));
	const missing = ADVISORIES.filter(({ id, stoppedBy }) => stoppedBy === "request" && !named.has(id));
	assert.deepEqual(missing, []);
});

test("advisories have one row each, and none that is stopped elsewhere is claimed here", () => {
	assert.equal(new Set(ADVISORIES.map(({ id }) => id)).size, ADVISORIES.length);
	const elsewhere = new Set(ADVISORIES.filter(({ stoppedBy }) => stoppedBy !== "request").map(({ id }) => id));
	for (const { advisories } of VIRTUAL_PATCHES) assert.ok(advisories.every((id) => !elsewhere.has(id)));
});
