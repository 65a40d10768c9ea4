import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { clientFamily } from "./client-family.ts";
import { Familiarity } from "./familiarity.ts";

const DAY = 86_400_000;
const AT = Date.UTC(2026, 0, 1);
const nowhere = (): null => null;
const HOME = { principal: "key00001", peer: "192.0.2.1", userAgent: "ollama/0.33.0 (amd64 linux) Go/go1.24", at: AT };

for (const [agent, family] of [
	["ollama/0.33.0 (amd64 linux) Go/go1.24", "ollama"],
	["OpenAI/Python 2.1.0", "openai/python"],
	["OpenAI/JS 7.57.0", "openai/js"],
	["python-httpx/0.28.1", "python-httpx"],
	["Mozilla/5.0 (X11; Linux x86_64)", "mozilla"],
	["curl/8.14.1", "curl"],
	["Go-http-client/1.1", "go-http-client"],
	["", "none"],
	[null, "none"],
	["(odd)", "other"],
	["\u0000", "other"],
] as const) {
	test(`the family of ${JSON.stringify(agent)} is ${family}`, () => assert.equal(clientFamily(agent), family));
}

for (const [usual, other, told] of [
	["192.0.2.1", "192.0.200.9", null],
	["192.0.2.1", "192.1.2.1", "192.1.0.0/16"],
	["192.0.2.1", "::ffff:192.0.9.9", null],
	["2001:db8:1::1", "2001:db8:2::1", null],
	["2001:db8:1::1", "2001:db9:1::1", "2001:db9::/32"],
	["unix", "192.0.2.1", "192.0.0.0/16"],
] as const) {
	test(`from ${usual} to ${other} ${told === null ? "is no other network" : `is told as ${told}`}`, () => {
		const familiarity = new Familiarity(nowhere);
		familiarity.observe({ ...HOME, peer: usual });
		const seen = familiarity.observe({ ...HOME, peer: other, at: AT + 2 * DAY }).map((unfamiliar) => unfamiliar.seen);
		assert.deepEqual(seen, told === null ? [] : [told]);
	});
}

test("another network and another client are told after a day, once each, with what was usual", () => {
	const familiarity = new Familiarity(nowhere);
	assert.deepEqual(familiarity.observe(HOME), []);
	const stolen = { ...HOME, peer: "203.0.113.9", userAgent: "python-requests/2.32", at: AT + 2 * DAY };
	assert.deepEqual(familiarity.observe(stolen), [
		{ what: "network", seen: "203.0.0.0/16", usual: "192.0.0.0/16" },
		{ what: "client", seen: "python-requests", usual: "ollama" },
	]);
	assert.deepEqual(familiarity.observe(stolen), []);
	assert.deepEqual(familiarity.observe({ ...HOME, at: AT + 3 * DAY }), []);
	assert.deepEqual(familiarity.observe({ ...stolen, at: AT + 3 * DAY }), []);
});

test("nothing is told on the first day, of a neighbour's address, of a new version, or of a principal's first request", () => {
	const familiarity = new Familiarity(nowhere);
	familiarity.observe(HOME);
	assert.deepEqual(familiarity.observe({ ...HOME, peer: "203.0.113.9", at: AT + DAY - 1 }), []);
	assert.deepEqual(familiarity.observe({ ...HOME, peer: "192.0.77.1", at: AT + 5 * DAY }), []);
	assert.deepEqual(familiarity.observe({ ...HOME, userAgent: "ollama/0.40.0", at: AT + 5 * DAY }), []);
	assert.deepEqual(familiarity.observe({ ...HOME, principal: "key00002", peer: "203.0.113.9", at: AT + 5 * DAY }), []);
});

test("what was not seen for a quarter of a year is new again", () => {
	const familiarity = new Familiarity(nowhere);
	familiarity.observe(HOME);
	familiarity.observe({ ...HOME, peer: "203.0.113.9", at: AT + 1 });
	familiarity.observe({ ...HOME, at: AT + 80 * DAY });
	assert.deepEqual(
		familiarity.observe({ ...HOME, peer: "203.0.113.9", at: AT + 91 * DAY }).map(({ seen }) => seen),
		["203.0.0.0/16"],
	);
});

test("where countries are known, a second one is told and a second network is not; a list that comes later makes nobody a stranger", () => {
	const countries: Record<string, string> = { "192.0.2.1": "DE", "10.0.0.1": "DE", "203.0.113.9": "KP" };
	const familiarity = new Familiarity((peer) => countries[peer] ?? null);
	familiarity.observe(HOME);
	assert.deepEqual(familiarity.observe({ ...HOME, peer: "10.0.0.1", at: AT + 2 * DAY }), []);
	assert.deepEqual(familiarity.observe({ ...HOME, peer: "203.0.113.9", at: AT + 2 * DAY }), [{ what: "country", seen: "KP", usual: "DE" }]);
	assert.deepEqual(
		familiarity.observe({ ...HOME, peer: "172.16.0.1", at: AT + 2 * DAY }).map(({ what }) => what),
		["network"],
	);
	const without = new Familiarity(nowhere);
	without.observe(HOME);
	const later = new Familiarity((peer) => countries[peer] ?? null);
	later.restore(without.snapshot());
	assert.deepEqual(later.observe({ ...HOME, at: AT + 2 * DAY }), []);
	assert.equal(later.observe({ ...HOME, peer: "203.0.113.9", at: AT + 3 * DAY }).length, 1);
});

test("a restart forgets nothing, and there is something to keep only where there is something new", () => {
	const before = new Familiarity(nowhere);
	before.observe(HOME);
	assert.equal(before.changed, true);
	const kept = JSON.parse(JSON.stringify(before.snapshot()));
	assert.equal(before.changed, false);
	before.observe({ ...HOME, at: AT + 7_200_000 });
	assert.equal(before.changed, false);
	const after = new Familiarity(nowhere);
	after.restore(kept);
	assert.deepEqual(after.observe({ ...HOME, at: AT + 2 * DAY }), []);
	assert.equal(after.observe({ ...HOME, peer: "203.0.113.9", at: AT + 2 * DAY }).length, 1);
});

test("memory is bounded in principals and in habits, whatever comes", () => {
	const familiarity = new Familiarity(nowhere);
	for (let n = 0; n < 11_000; n += 1) familiarity.observe({ ...HOME, principal: `p${n}` });
	assert.equal(familiarity.snapshot().length, 10_000);
	for (let n = 0; n < 100; n += 1) familiarity.observe({ ...HOME, principal: "p9999", peer: `10.${n}.0.1`, at: AT + n });
	assert.equal(familiarity.snapshot().at(-1)?.[3].length, 16);
});

test("a full house keeps whom it knows, and a newcomer takes the place of who was away for a day, over a restart too", () => {
	const before = new Familiarity(nowhere);
	for (let n = 0; n < 10_000; n += 1) before.observe({ ...HOME, principal: `p${n}` });
	before.observe({ ...HOME, principal: "p0", at: AT + 7_200_000 });
	const after = new Familiarity(nowhere);
	after.restore(before.snapshot());
	for (const familiarity of [before, after]) {
		const known = (name: string): boolean => familiarity.snapshot().some(([principal]) => principal === name);
		familiarity.observe({ ...HOME, principal: "soon", at: AT + DAY - 1 });
		assert.deepEqual([known("p0"), known("p1"), known("soon")], [true, true, false]);
		familiarity.observe({ ...HOME, principal: "late", at: AT + DAY });
		assert.deepEqual([known("p0"), known("p1"), known("late")], [true, false, true]);
		assert.equal(familiarity.snapshot().length, 10_000);
	}
});

test("no text makes it throw", () => {
	fc.assert(
		fc.property(fc.string({ unit: "binary", maxLength: 60, size: "max" }), fc.string({ maxLength: 60, size: "max" }), (peer, userAgent) => {
			const familiarity = new Familiarity(nowhere);
			familiarity.observe(HOME);
			familiarity.observe({ ...HOME, peer, userAgent, at: AT + 2 * DAY });
		}),
	);
});
