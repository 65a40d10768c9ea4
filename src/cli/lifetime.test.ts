import assert from "node:assert/strict";
import { test } from "node:test";

import { HintedError } from "../std/hinted-error.ts";
import { lifetimeOf, momentOf, roughly, shownMoment } from "./lifetime.ts";

const NOW = Date.UTC(2026, 5, 1);

for (const text of ["", "30", "d", "30 d", "-1d", "1.5h", "1h30m", "4000d", "0s", "1y"]) {
	test(`refuses "${text}" as a length of time, and says what to write`, () => {
		assert.throws(
			() => lifetimeOf("--expires", text),
			(error) => error instanceof HintedError && error.message.startsWith("--expires:") && error.hint !== "",
		);
	});
}

for (const text of ["2026-13-01", "2026-01-32x", "yesterday"]) {
	test(`refuses "${text}" as a moment`, () => assert.throws(() => momentOf("--since", text, NOW), HintedError));
}

test("reads lengths of time and moments", () => {
	assert.equal(lifetimeOf("--expires", "30d"), 30 * 86_400_000);
	assert.equal(lifetimeOf("--overlap", "0s", { min: "0s" }), 0);
	assert.equal(momentOf("--since", "1h", NOW), NOW - 3_600_000);
	assert.equal(momentOf("--since", "2026-05-31", NOW), Date.UTC(2026, 4, 31));
	assert.equal(momentOf("--since", "2026-05-31T12:00:00Z", NOW), Date.UTC(2026, 4, 31, 12));
});

test("shows them for people", () => {
	assert.deepEqual([0, 999, 8_000, 720_000, 18_000_000, 30 * 86_400_000 - 5].map(roughly), ["0s", "1s", "8s", "12m", "5h", "30d"]);
	assert.equal(shownMoment(NOW), "2026-06-01 00:00:00Z");
});
