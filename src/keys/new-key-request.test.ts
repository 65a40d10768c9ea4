import assert from "node:assert/strict";
import { test } from "node:test";

import type { KeyProblemCode } from "./key-problem.ts";
import { checkNewKey, type NewKeyRequest, nameForComparison } from "./new-key-request.ts";

const NOW = 1_000;
const request = (changes: Partial<NewKeyRequest>): NewKeyRequest => ({
	name: "laptop",
	role: "user",
	models: null,
	groups: [],
	expiresAt: null,
	by: "socket",
	...changes,
});

test("refuses what would make a key nobody can name, use or trust in a list", () => {
	const cases: readonly (readonly [Partial<NewKeyRequest>, KeyProblemCode])[] = [
		...[
			"",
			" ",
			" laptop",
			"laptop ",
			"a\nb",
			"a\tb",
			"a\u0000b",
			"\u001b[31mred",
			"a\u202eb",
			"a\u200bb",
			"a\u2028b",
			"a\u00adb",
			"\ud800",
			"x".repeat(65),
			"🐑".repeat(65),
		].map((name) => [{ name }, "name-invalid"] as const),
		...[[""], ["ok", ""], ["a b"], ["a\n"], ["ä"], ["x".repeat(257)], Array.from({ length: 257 }, () => "x")].map(
			(models) => [{ models }, "models-invalid"] as const,
		),
		...[
			[""],
			["ops", ""],
			["a,b"],
			[" ops"],
			["a\nb"],
			["x".repeat(300)],
			["ops", "ops"],
			Array.from({ length: 65 }, (_, at) => `g${at}`),
		].map((groups) => [{ groups }, "groups-invalid"] as const),
		...[NOW, NOW - 1, 0, -1, Number.NaN, Number.POSITIVE_INFINITY, NOW + 0.5].map(
			(expiresAt) => [{ expiresAt }, "expiry-invalid"] as const,
		),
	];
	for (const [changes, code] of cases) {
		const checked = checkNewKey(request(changes), NOW);
		assert.ok(!checked.done, JSON.stringify(changes));
		assert.equal(checked.problem.code, code);
		assert.notEqual(checked.problem.message, "");
		assert.notEqual(checked.problem.hint, "");
	}
});

test("permits ordinary names in any script, patterns and times to come", () => {
	for (const changes of [
		{},
		{ name: "laptop of Ada (home), #2" },
		{ name: "Größe 大 🐑" },
		{ name: "x".repeat(64) },
		{ models: [] },
		{ models: ["llama3.2:*", "hf.co/acme/*"] },
		{ expiresAt: NOW + 1 },
	]) {
		const wanted = request(changes);
		assert.deepEqual(checkNewKey(wanted, NOW), { done: true, value: wanted });
	}
});

test("takes names that look alike for the same", () => {
	const alike = [
		["Laptop", "laptop"],
		["Gro\u0308ße", "GRÖßE"],
		["ｌａｐｔｏｐ", "laptop"],
		["ﬁle", "file"],
	] as const;
	for (const [one, other] of alike) assert.equal(nameForComparison(one), nameForComparison(other));
	assert.notEqual(nameForComparison("laptop 1"), nameForComparison("laptop 2"));
});
