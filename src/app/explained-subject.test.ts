import assert from "node:assert/strict";
import { test } from "node:test";

import { policyWith } from "../../test/support/policies.ts";
import type { ApiKey } from "../model/api-key.ts";
import type { Factor } from "../model/factor.ts";
import { readIpNetwork } from "../std/ip-network.ts";
import { explainRequest } from "./explain-request.ts";
import { explainedSubject } from "./explained-subject.ts";

const office = readIpNetwork("10.0.0.0/8") ?? assert.fail();
const policy = policyWith({ networks: { allow: [office], deny: [] }, require: ["key", "network", "certificate", "group:ops"] });
const KEY: ApiKey = {
	id: "abcd1234",
	name: "laptop",
	role: "tested",
	models: null,
	groups: [],
	createdAt: 0,
	expiresAt: null,
	revokedAt: null,
	secrets: [],
};
const deps = { policy, keys: { find: (id: string) => (id === KEY.id ? KEY : null) }, limits: { maxDepth: 10, maxMembers: 10 } };

interface Asked {
	readonly key?: string;
	readonly role?: string;
	readonly from?: string;
	readonly shown?: readonly Factor[];
}

function requestOf({ key, role = "tested", from, shown = [] }: Asked) {
	const subject = key === undefined ? ({ kind: "role", name: role } as const) : ({ kind: "key", id: key } as const);
	return { subject, method: "GET", path: "/api/tags", body: null, from: from ?? null, shown };
}

const problems: readonly (readonly [what: string, asked: Asked, problem: RegExp])[] = [
	["a role that there is not", { role: "ghost" }, /no role "ghost"/],
	["a key that there is not", { key: "nobody00" }, /no key "nobody00"/],
	["an address that is none", { from: "10.0.0.0/8" }, /is no address/],
	["a network that is claimed", { shown: ["network"] }, /network is not shown/],
	["two credentials of one request", { shown: ["key", "token"] }, /key and token together/],
	["a key with another's groups", { key: KEY.id, shown: ["group:ops"] }, /group:ops is not for the question to say/],
];
for (const [what, asked, problem] of problems) {
	test(`cannot be asked about ${what}`, () => {
		const subject = explainedSubject(requestOf(asked), deps);
		assert.match("problem" in subject ? subject.problem : "", problem);
	});
}

const ALL: readonly Factor[] = ["key", "certificate", "group:ops"];
const answers: readonly (readonly [asked: Asked, reason: string | null, detail: RegExp, rules: readonly string[]])[] = [
	[{ shown: ALL }, "network-denied", /not told/, ["door-networks passed", "role-networks refused"]],
	[{ shown: ALL, from: "192.0.2.1" }, "network-denied", /192\.0\.2\.1 is in none/, ["door-networks passed", "role-networks refused"]],
	[
		{ from: "10.0.0.1" },
		"credential-incomplete",
		/without certificate, group:ops$/,
		["door-networks passed", "role-networks passed", "factors refused"],
	],
	[
		{ shown: ["password", "certificate", "group:ops"], from: "10.0.0.1" },
		"credential-incomplete",
		/without key$/,
		["door-networks passed", "role-networks passed", "factors refused"],
	],
	[
		{ shown: ["certificate", "group:ops"], from: "10.0.0.1" },
		"credential-incomplete",
		/without key$/,
		["door-networks passed", "role-networks passed", "factors refused"],
	],
	[
		{ key: KEY.id, shown: ["certificate"], from: "10.0.0.1" },
		"credential-incomplete",
		/abcd1234, role tested: without group:ops$/,
		["door-networks passed", "role-networks passed", "factors refused"],
	],
	[
		{ shown: ALL, from: "10.0.0.1" },
		null,
		/^$/,
		["door-networks passed", "role-networks passed", "factors passed", "operation passed", "body passed"],
	],
];
for (const [asked, reason, detail, rules] of answers) {
	test(`${JSON.stringify(asked)} is ${reason ?? "permitted"}`, () => {
		const explained = explainRequest(requestOf(asked), deps);
		assert.ok(!("problem" in explained));
		assert.equal(explained.reason, reason);
		assert.match(explained.detail ?? "", detail);
		const told = explained.rules.map(({ id, verdict }) => `${id} ${verdict}`);
		assert.deepEqual(told.slice(0, rules.length), rules);
		assert.equal(told.length > rules.length, reason === null, "nothing is asked after a refusal");
	});
}
