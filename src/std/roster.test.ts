import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Placed, Roster } from "./roster.ts";

const member = (name: string): Placed & { readonly name: string } => ({ name, place: -1 });

test("holds exactly those who joined and have not left, whatever the order", () => {
	const change = fc.record({ who: fc.nat(9), joins: fc.boolean() });
	fc.assert(
		fc.property(fc.array(change, { maxLength: 60, size: "max" }), (changes) => {
			const people = Array.from({ length: 10 }, (_, at) => member(`m${at}`));
			const roster = new Roster<(typeof people)[number]>();
			const here = new Set<(typeof people)[number]>();
			for (const { who, joins } of changes) {
				const one = people[who];
				assert.ok(one !== undefined);
				if (joins && !here.has(one)) {
					roster.join(one);
					here.add(one);
				} else if (!joins) {
					roster.leave(one);
					here.delete(one);
				}
				assert.equal(roster.size, here.size);
				assert.deepEqual(new Set(roster.all()), here);
			}
		}),
	);
});

test("leaving while others are walked over skips nobody", () => {
	const roster = new Roster<ReturnType<typeof member>>();
	for (const name of ["a", "b", "c"]) roster.join(member(name));
	const seen: string[] = [];
	for (const one of roster.all()) {
		roster.leave(one);
		seen.push(one.name);
	}
	assert.deepEqual(seen, ["a", "b", "c"]);
	assert.equal(roster.size, 0);
});

test("a member of one roster is no member of another", () => {
	const [one, other] = [new Roster<Placed>(), new Roster<Placed>()];
	const [here, there] = [member("here"), member("there")];
	one.join(here);
	other.join(there);
	other.leave(here);
	assert.equal(one.size, 1);
	assert.equal(other.size, 1);
	assert.throws(() => other.join(here), /one roster at a time/);
});

test("counts who fits", () => {
	const roster = new Roster<ReturnType<typeof member>>();
	for (const name of ["a", "b", "ab"]) roster.join(member(name));
	assert.equal(
		roster.count(({ name }) => name.includes("a")),
		2,
	);
});
