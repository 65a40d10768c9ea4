import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { Attempts, type Noticed, type Subjects } from "./attempts.ts";

const AT = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const at = (network: string, account: string): Subjects => ({ network, account, pair: `${network} ${account}` });

function failing(attempts: Attempts, subjects: Iterable<Subjects>, now = AT): readonly Noticed[] {
	const noticed: Noticed[] = [];
	for (const one of subjects) noticed.push(...attempts.failed(one, now));
	return noticed;
}

const times = <T>(count: number, make: (index: number) => T): readonly T[] => Array.from({ length: count }, (_, index) => make(index));

test("five wrong passwords of one account at one place are free; after that the wait doubles up to five minutes", () => {
	const attempts = new Attempts();
	const delays = times(16, () => {
		failing(attempts, [at("n", "alice")]);
		return attempts.standpoint(at("n", "alice"), AT).delayMs;
	});
	assert.deepEqual(
		delays,
		[0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300].map((seconds) => seconds * 1000),
	);
});

test("twenty wrong passwords of one network are free, whichever names they go to, and the twenty-first makes it wait at any name", () => {
	const attempts = new Attempts();
	failing(
		attempts,
		times(19, (n) => at("n", `user${n}`)),
	);
	assert.equal(attempts.standpoint(at("n", "fresh"), AT).delayMs, 0);
	failing(attempts, [at("n", "user19")]);
	assert.equal(attempts.standpoint(at("n", "fresh"), AT).delayMs, 1000);
	assert.equal(attempts.standpoint(at("other", "fresh"), AT).delayMs, 0);
});

test("fifty wrong passwords of one account from everywhere are free, and then strangers to it wait at most a minute", () => {
	const attempts = new Attempts();
	failing(
		attempts,
		times(49, (n) => at(`bot${n}`, "alice")),
	);
	assert.equal(attempts.standpoint(at("new", "alice"), AT).delayMs, 0);
	failing(
		attempts,
		times(40, (n) => at(`bot${n}`, "alice")),
	);
	assert.equal(attempts.standpoint(at("new", "alice"), AT).delayMs, MINUTE);
	assert.equal(attempts.standpoint(at("new", "bob"), AT).delayMs, 0);
});

test("an account that was right at a network is served first and at once, whatever others do to it, to the network and to everyone", () => {
	const attempts = new Attempts();
	attempts.succeeded(at("home", "alice"), AT);
	failing(
		attempts,
		times(1000, (n) => at(`bot${n}`, "alice")),
	);
	failing(
		attempts,
		times(1000, (n) => at("home", `user${n}`)),
	);
	assert.deepEqual(attempts.standpoint(at("home", "alice"), AT), { standing: 0, delayMs: 0 });
});

test("somebody else at the same place who guesses at a known account delays it by ten seconds at most", () => {
	const attempts = new Attempts();
	attempts.succeeded(at("home", "alice"), AT);
	failing(
		attempts,
		times(9, () => at("home", "alice")),
	);
	assert.equal(attempts.standpoint(at("home", "alice"), AT).delayMs, 0);
	failing(
		attempts,
		times(1000, () => at("home", "alice")),
	);
	assert.equal(attempts.standpoint(at("home", "alice"), AT).delayMs, 10_000);
});

test("being right takes back the mistakes of that account at that place, and nobody else's", () => {
	const attempts = new Attempts();
	failing(
		attempts,
		times(8, () => at("n", "alice")),
	);
	failing(
		attempts,
		times(8, () => at("n", "bob")),
	);
	attempts.succeeded(at("n", "alice"), AT);
	assert.equal(attempts.standpoint(at("n", "alice"), AT).delayMs, 0);
	assert.equal(attempts.standpoint(at("n", "bob"), AT).delayMs, 8000);
	// An attacker who owns one account does not wash his network clean with it.
	failing(
		attempts,
		times(8, (n) => at("n", `user${n}`)),
	);
	assert.equal(attempts.standpoint(at("n", "fresh"), AT).delayMs, 16_000);
});

test("a month after it was last right, an account is a stranger again", () => {
	const attempts = new Attempts();
	attempts.succeeded(at("home", "alice"), AT);
	assert.equal(attempts.standpoint(at("home", "alice"), AT + 29 * 86_400_000).standing, 0);
	assert.equal(attempts.standpoint(at("home", "alice"), AT + 31 * 86_400_000).standing, 1);
});

test("counts fade by half in a quarter of an hour, and a wait ends when it was said to end", () => {
	const attempts = new Attempts();
	failing(
		attempts,
		times(7, () => at("n", "alice")),
	);
	assert.equal(attempts.standpoint(at("n", "alice"), AT + 1000).delayMs, 3000);
	assert.equal(attempts.standpoint(at("n", "alice"), AT + 4000).delayMs, 0);
	failing(attempts, [at("n", "alice")], AT + 15 * MINUTE);
	assert.equal(attempts.standpoint(at("n", "alice"), AT + 15 * MINUTE).delayMs, 1000);
});

test("when wrong passwords come from everywhere, strangers go last and have less that is free; known ones are untouched", () => {
	const attempts = new Attempts();
	attempts.succeeded(at("home", "alice"), AT);
	failing(
		attempts,
		times(300, (n) => at(`bot${n}`, `user${n}`)),
	);
	assert.deepEqual(attempts.standpoint(at("new", "carol"), AT), { standing: 2, delayMs: 0 });
	failing(
		attempts,
		times(5, (n) => at("new", `user${n}`)),
	);
	assert.equal(attempts.standpoint(at("new", "carol"), AT).delayMs, 1000);
	assert.deepEqual(attempts.standpoint(at("home", "alice"), AT), { standing: 0, delayMs: 0 });
});

test("passing what is free is told once for each of network, account and all, and again only after it has faded", () => {
	const attempts = new Attempts();
	assert.deepEqual(
		failing(
			attempts,
			times(40, () => at("n", "alice")),
		),
		["network"],
	);
	assert.deepEqual(
		failing(
			attempts,
			times(260, (n) => at(`bot${n}`, "alice")),
		),
		["account", "everywhere"],
	);
	const later = AT + 3 * 60 * MINUTE;
	assert.deepEqual(
		failing(
			attempts,
			times(25, () => at("n", "bob")),
			later,
		),
		["network"],
	);
	assert.equal(attempts.countOf("network", at("n", "bob"), later), 25);
});

test("what was counted outlives a restart, and a clock that was put back does not make a wait longer than its cap", () => {
	const before = new Attempts();
	before.succeeded(at("home", "alice"), AT);
	failing(
		before,
		times(30, () => at("evil", "bob")),
	);
	const after = new Attempts();
	after.restore(JSON.parse(JSON.stringify(before.snapshot(AT))), AT + 1000);
	assert.equal(after.standpoint(at("home", "alice"), AT + 1000).standing, 0);
	assert.equal(after.standpoint(at("evil", "carol"), AT + 1000).delayMs, 299_000);
	const put = new Attempts();
	put.restore(before.snapshot(AT), AT - 60 * MINUTE);
	assert.equal(put.standpoint(at("evil", "bob"), AT - 60 * MINUTE).delayMs, 300_000);
});

test("a flood of made-up names is bounded in memory and does not wash out who is known", () => {
	const attempts = new Attempts();
	attempts.succeeded(at("home", "alice"), AT);
	failing(
		attempts,
		times(6_000, (n) => at(`net${n}`, `user${n}`)),
	);
	const { networks, accounts, pairs } = attempts.snapshot(AT);
	for (const rows of [networks, accounts, pairs]) assert.equal(rows.length, 5_000);
	assert.equal(attempts.standpoint(at("home", "alice"), AT).standing, 0);
});

test("whatever happens, a wait is never negative, never beyond its cap, and less for a known account than for a stranger", () => {
	const act = fc.record({
		network: fc.constantFrom("a", "b"),
		account: fc.constantFrom("x", "y"),
		right: fc.boolean(),
		after: fc.nat({ max: 20 * MINUTE }),
	});
	fc.assert(
		fc.property(fc.array(act, { maxLength: 80, size: "max" }), (acts) => {
			const attempts = new Attempts();
			const known = new Set<string>();
			let now = AT;
			for (const { network, account, right, after } of acts) {
				now += after;
				const subjects = at(network, account);
				if (right) {
					attempts.succeeded(subjects, now);
					known.add(subjects.pair);
				} else attempts.failed(subjects, now);
				const { delayMs } = attempts.standpoint(subjects, now);
				assert.ok(delayMs >= 0 && delayMs <= (known.has(subjects.pair) ? 10_000 : 300_000));
			}
		}),
	);
});
