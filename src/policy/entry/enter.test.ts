import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { DEFAULT_POLICY, policyWith } from "../../../test/support/policies.ts";
import { CREDENTIAL_FACTORS, FACTOR_OF, FACTORS, type Factor } from "../../model/factor.ts";
import { NO_GROUPS, type Principal } from "../../model/principal.ts";
import { readIpNetwork } from "../../std/ip-network.ts";
import { EVERYWHERE, type NetworkLists } from "../../std/network-rule.ts";
import { CRITERIA } from "../criteria/index.ts";
import type { Entering } from "../demands.ts";
import type { Step } from "../evaluate.ts";
import { barred, barredAtDoor, ENTRY_CRITERIA, explainEntry } from "./enter.ts";

const lists = (allow: readonly string[], deny: readonly string[] = []): NetworkLists => ({
	allow: allow.map((text) => readIpNetwork(text) ?? assert.fail(text)),
	deny: deny.map((text) => readIpNetwork(text) ?? assert.fail(text)),
});

interface Case {
	readonly kind?: Principal["kind"];
	readonly groups?: readonly string[];
	readonly address?: string | null;
	readonly certificate?: boolean;
	readonly door?: NetworkLists;
	readonly networks?: NetworkLists;
	readonly require?: readonly Factor[];
}

function entering({ kind = "api-key", groups = NO_GROUPS, address = "10.1.2.3", certificate = kind === "certificate" }: Case): Entering {
	return { principal: { kind, id: "who00001", name: "who", role: "tested", models: null, groups }, address, certificate };
}

function outcomeOf(asked: Case): string {
	const policy = policyWith(
		{ networks: asked.networks ?? EVERYWHERE, require: asked.require ?? [] },
		{ networks: asked.door ?? EVERYWHERE },
	);
	const steps: Step[] = [];
	const refusal = barred(policy, entering(asked));
	assert.deepEqual(explainEntry(policy, entering(asked), steps), refusal, "explained otherwise than decided");
	assert.equal(steps.at(-1)?.outcome, refusal === null ? "pass" : "deny");
	return refusal === null ? "passes" : `${refusal.reason}: ${refusal.detail}`;
}

const OFFICE = lists(["10.0.0.0/8"], ["10.9.0.0/16"]);

const refusals: readonly (readonly [what: string, asked: Case, outcome: RegExp])[] = [
	["a denied network at the door", { door: lists([], ["10.0.0.0/8"]) }, /^network-denied: 10\.1\.2\.3 is denied by 10\.0\.0\.0\/8$/],
	["a network that the door does not list", { door: lists(["192.0.2.0/24"]) }, /^network-denied: .*none/],
	["the door, whatever the role allows", { door: lists(["192.0.2.0/24"]), networks: OFFICE }, /^network-denied: 10/],
	["an address that is not told, where the door has lists", { door: OFFICE, address: null }, /^network-denied: it depends/],
	[
		"a network that the role does not list",
		{ networks: OFFICE, address: "192.0.2.1" },
		/^network-denied: who00001, role tested: 192\.0\.2\.1/,
	],
	["a network that the role denies", { networks: OFFICE, address: "10.9.0.1" }, /^network-denied: who00001, .*10\.9\.0\.0\/16/],
	["an address that is not told, where the role has lists", { networks: OFFICE, address: null }, /^network-denied: .*not told/],
	["a caller on a socket who does not say from where", { networks: OFFICE, address: "unix" }, /^network-denied/],
	["a key where a password is demanded", { require: ["password"] }, /^credential-incomplete: who00001, role tested: without password$/],
	["a certificate where a key is demanded", { kind: "certificate", require: ["key", "certificate"] }, /without key$/],
	["a key without the certificate", { require: ["key", "certificate"] }, /without certificate$/],
	[
		"a certificate without the group",
		{ kind: "certificate", groups: ["dev"], require: ["certificate", "group:ops"] },
		/without group:ops$/,
	],
	["a group whose name only begins so", { groups: ["ops2", "Ops"], require: ["group:ops"] }, /without group:ops$/],
	["a network where none is listed", { require: ["key", "network"] }, /without network$/],
	["a network where some are only denied", { networks: lists([], ["192.0.2.0/24"]), require: ["network"] }, /without network$/],
	["everything that is missing, at once", { require: ["token", "certificate", "group:a b"] }, /without token, certificate, group:a b$/],
];
for (const [what, asked, outcome] of refusals) test(`refuses ${what}`, () => assert.match(outcomeOf(asked), outcome));

const permits: readonly (readonly [what: string, asked: Case])[] = [
	["whoever comes where nothing is demanded", { address: null }],
	["a listed network", { networks: OFFICE }],
	["a listed network in IPv6 clothes", { networks: OFFICE, address: "::ffff:10.1.2.3" }],
	["a key from a listed network", { networks: OFFICE, require: ["key", "network"] }],
	["a key with its certificate", { certificate: true, require: ["key", "certificate"] }],
	["a certificate of a group", { kind: "certificate", groups: ["dev", "ops"], require: ["certificate", "group:ops"] }],
	["a member of two groups", { groups: ["dev", "ops"], require: ["group:ops", "group:dev"] }],
];
for (const [what, asked] of permits) test(`lets ${what} in`, () => assert.equal(outcomeOf(asked), "passes"));

for (const kind of ["api-key", "htpasswd", "ollama-key", "access-token", "proxy-user", "certificate"] as const) {
	test(`${kind} is the factor ${FACTOR_OF[kind]} and no other`, () => {
		const held = FACTORS.filter((factor) => outcomeOf({ kind, networks: EVERYWHERE, require: [factor] }) === "passes");
		assert.deepEqual(held, [FACTOR_OF[kind]]);
	});
}

test("the door is asked by address alone", () => {
	const policy = policyWith({}, { networks: lists(["10.0.0.0/8"]) });
	assert.equal(barredAtDoor(policy, "10.0.0.1"), null);
	assert.equal(barredAtDoor(policy, "192.0.2.1")?.reason, "network-denied");
	assert.equal(barredAtDoor(DEFAULT_POLICY, "192.0.2.1"), null);
});

test("a role that nobody configured demands nothing: it has no rights either", () => {
	const { principal } = entering({});
	assert.equal(barred(DEFAULT_POLICY, { principal: { ...principal, role: "ghost" }, address: "10.0.0.1", certificate: false }), null);
});

test("every criterion says why it is there, and shares its id with none", () => {
	const ids = [...ENTRY_CRITERIA, ...CRITERIA].map(({ id }) => id);
	assert.deepEqual([...new Set(ids)], ids);
	for (const { title, why } of ENTRY_CRITERIA) assert.ok(title.length > 10 && why.length > 20);
});

test("more demands never let anybody in", () => {
	const factor = fc.constantFrom<Factor>(...FACTORS, "group:ops", "group:dev");
	const kinds = fc.constantFrom<Principal["kind"]>("api-key", "htpasswd", "ollama-key", "access-token", "proxy-user", "certificate");
	const asked = fc.record({
		kind: kinds,
		groups: fc.subarray(["ops", "dev"]),
		address: fc.constantFrom("10.1.2.3", "10.9.0.1", "192.0.2.1", "unix"),
		networks: fc.constantFrom(EVERYWHERE, OFFICE),
		require: fc.array(factor, { maxLength: 3 }),
	});
	fc.assert(
		fc.property(asked, factor, (asked, more) => {
			const stricter = outcomeOf({ ...asked, require: [...asked.require, more] });
			if (stricter === "passes") assert.equal(outcomeOf(asked), "passes");
		}),
	);
	assert.equal(new Set<string>(CREDENTIAL_FACTORS).has("certificate"), false);
});
