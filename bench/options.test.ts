import assert from "node:assert/strict";
import { test } from "node:test";

import { type Options, readOptions } from "./options.ts";
import { WORKLOADS } from "./scripted.ts";
import { SPECIAL_NAMES } from "./special/index.ts";
import { TARGET_NAMES } from "./target.ts";

const refused: readonly (readonly [args: string, why: RegExp])[] = [
	["--rounds 0", /whole number/],
	["--seconds 1.5", /whole number/],
	["--only nginx,apache", /--only knows no "apache"/],
	["--workloads chats", /--workloads knows no "chats"/],
	["--special everything", /--special knows no "everything"/],
	["--readme --quick", /--readme is not for --quick/],
	["--readme --rounds 4", /less than 5 rounds/],
	["--loud", /loud/],
];

for (const [args, why] of refused) {
	test(`refuses ${args}`, () => {
		assert.throws(() => readOptions(args.split(" ")), why);
	});
}

test("measures everything by default", () => {
	const { targets, workloads, specials, rounds } = read("");
	assert.deepEqual([targets, workloads, specials], [TARGET_NAMES, WORKLOADS, SPECIAL_NAMES]);
	assert.ok(rounds >= 5);
});

test("whoever chooses what is measured gets no special workload beside it, unless asked for", () => {
	for (const args of ["--quick", "--only nginx,rempart", "--workloads chat", "--special none", "--profile"]) {
		assert.deepEqual(read(args).specials, [], args);
	}
	assert.deepEqual(read(`--quick --special ${SPECIAL_NAMES[0]}`).specials, [SPECIAL_NAMES[0]]);
});

test("special workloads can be had alone", () => {
	const { workloads, specials } = read(`--workloads none --special ${SPECIAL_NAMES[0]}`);
	assert.deepEqual([workloads, specials], [[], [SPECIAL_NAMES[0]]]);
});

test("names come in the order of the bench, whatever the order of the flag", () => {
	assert.deepEqual(read("--only rempart,nginx").targets, ["nginx", "rempart"]);
});

test("publishes what was measured before, however this call looks", () => {
	assert.equal(read("--readme --reuse").reuse, true);
});

function read(args: string): Options {
	const options = readOptions(args === "" ? [] : args.split(" "));
	assert.ok(typeof options === "object");
	return options;
}
