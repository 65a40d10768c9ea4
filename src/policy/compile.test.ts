import assert from "node:assert/strict";
import { test } from "node:test";

import { nameOf } from "../../test/support/judged-requests.ts";
import { DEFAULT_POLICY, DEFAULT_POLICY_SPEC, policyWith, principalOf } from "../../test/support/policies.ts";
import { REVEALED } from "../model/policy-spec.ts";
import { OPERATIONS } from "../ollama/operations.ts";
import { VIRTUAL_PATCHES } from "../virtual-patches/index.ts";
import { BUILT_IN_ROLES } from "./built-in-roles.ts";

for (const pattern of ["", "http://evil.example/x", "a b", "gpt\n", "../x"]) {
	test(`does not compile the model pattern ${JSON.stringify(pattern)}, which could never match what its writer meant`, () => {
		assert.throws(() => policyWith({ models: { allow: [pattern], deny: [] } }), /model pattern/);
		assert.throws(() => policyWith({ models: { allow: [], deny: [pattern] } }), /model pattern/);
	});
}

for (const host of ["", "HF.co", "hf.co:443", "https://hf.co", "hf.co/", "*.hf.co", "-x", "::1"]) {
	test(`does not compile the registry ${JSON.stringify(host)}`, () => {
		assert.throws(() => policyWith({}, { pull: { registries: [host] } }), /registry/);
	});
}

test("a key's pattern that is none matches nothing and breaks nothing", () => {
	const subject = policyWith({}).subjectOf(principalOf("tested", ["", "http://x"]));
	assert.equal(subject.view.mayName(nameOf("gpt")), false);
});

test("an unknown role is nobody: no class, no model, no upload, nothing revealed", () => {
	for (const models of [null, ["*"]]) {
		const { known, classes, uploads, view, models: scope } = policyWith({}).subjectOf(principalOf("ghost", models));
		assert.equal(known, false);
		assert.equal(classes.size, 0);
		assert.equal(uploads, false);
		assert.equal(scope.permits(nameOf("gpt")), false);
		assert.equal(view.mayName(nameOf("gpt")), false);
		assert.ok(REVEALED.every((part) => !view.reveals(part)));
	}
});

test("rights are compiled once for a role and once for a key that narrows it", () => {
	const policy = policyWith({});
	assert.equal(policy.subjectOf(principalOf("user")), policy.role("user"));
	assert.equal(policy.subjectOf(principalOf("user")), policy.subjectOf(principalOf("user")));
	const narrow = principalOf("user", ["gpt"]);
	assert.equal(policy.subjectOf(narrow), policy.subjectOf(narrow));
	assert.notEqual(policy.subjectOf(narrow), policy.role("user"));
});

test("what was compiled does not follow a later change of what was written", () => {
	const allow = ["gpt"];
	const registries = ["hf.co"];
	const policy = policyWith({ models: { allow, deny: [] } }, { pull: { registries } });
	allow.push("*");
	registries.push("evil.example");
	assert.equal(policy.subjectOf(principalOf()).view.mayName(nameOf("qwen")), false);
	assert.equal(policy.registries.has("evil.example"), false);
	assert.throws(() => Object.assign(policy.subjectOf(principalOf()), { uploads: true }));
});

test("every patch is in force on some operation, and on every operation there is one", () => {
	const policy = DEFAULT_POLICY;
	const inForce = new Set(OPERATIONS.flatMap(({ id }) => policy.patchesOf(id)));
	assert.deepEqual(
		VIRTUAL_PATCHES.filter((patch) => !inForce.has(patch)),
		[],
	);
	for (const id of [...OPERATIONS.map((operation) => operation.id), "not-in-the-table"]) assert.ok(policy.patchesOf(id).length > 0);
});

test("each built-in role has all that the one before it has", () => {
	const order = ["reader", "user", "operator", "admin"] as const;
	assert.deepEqual(Object.keys(BUILT_IN_ROLES), order);
	const policy = DEFAULT_POLICY;
	const above = (bound: number | null) => bound ?? Number.POSITIVE_INFINITY;
	for (const [at, name] of order.slice(1).entries()) {
		const [less, more] = [policy.role(order[at] ?? "reader"), policy.role(name)];
		assert.ok(less !== null && more !== null);
		assert.ok([...less.classes].every((granted) => more.classes.has(granted)));
		assert.ok(REVEALED.every((part) => !less.view.reveals(part) || more.view.reveals(part)));
		assert.ok(Number(less.uploads) <= Number(more.uploads));
		for (const bound of ["numCtx", "numPredict", "keepAliveMs"] as const)
			assert.ok(above(less.parameters[bound]) <= above(more.parameters[bound]));
		assert.ok(less.parameters.imagesMax <= more.parameters.imagesMax && less.parameters.imageBytesMax <= more.parameters.imageBytesMax);
		assert.ok(Number(less.parameters.unload) <= Number(more.parameters.unload));
	}
});

test("only the administrator uploads, spends the account and sees everything; remote models and quantised uploads are off", () => {
	for (const [name, role] of Object.entries(BUILT_IN_ROLES)) {
		const classes: readonly string[] = role.classes;
		assert.equal(role.uploads, name === "admin");
		assert.equal(classes.includes("cloud") || classes.includes("account"), name === "admin");
		assert.equal(role.reveal.length === REVEALED.length, name === "admin");
	}
	assert.deepEqual(DEFAULT_POLICY_SPEC.create, { remoteHost: false, quantizeUploads: false });
	assert.deepEqual(DEFAULT_POLICY_SPEC.pull.registries, ["registry.ollama.ai"]);
});
