import assert from "node:assert/strict";
import { test } from "node:test";

import { Cuts } from "./cuts.ts";

test("whoever was cut after its request came may not go on; others may, and so may its next request", () => {
	const cuts = new Cuts();
	const before = cuts.changes;
	assert.equal(cuts.since(before, "ada"), null);
	cuts.add("ada");
	assert.ok(cuts.changes > before);
	assert.deepEqual([cuts.since(before, "ada"), cuts.since(before, "bob")], ["credential-revoked", null]);
	assert.equal(cuts.since(cuts.changes, "ada"), null);
});

test("a server that stops cuts everyone, and another policy by itself nobody", () => {
	const cuts = new Cuts();
	const before = cuts.changes;
	cuts.changed();
	assert.ok(cuts.changes > before);
	assert.equal(cuts.since(before, "ada"), null);
	cuts.add(null);
	assert.equal(cuts.since(before, "ada"), "shutting-down");
});

test("so many are known; of whom it is not known any more is taken for cut", () => {
	const cuts = new Cuts(2);
	const before = cuts.changes;
	for (const principal of ["ada", "bob"]) cuts.add(principal);
	assert.equal(cuts.since(before, "eve"), null);
	const between = cuts.changes;
	cuts.add("bob");
	cuts.add("cam");
	assert.deepEqual(
		["ada", "bob", "cam", "eve"].map((principal) => cuts.since(before, principal)),
		["credential-revoked", "credential-revoked", "credential-revoked", "credential-revoked"],
	);
	assert.deepEqual([cuts.since(between, "ada"), cuts.since(between, "eve")], [null, null]);
	assert.equal(cuts.since(between, "bob"), "credential-revoked");
});
