/** The desk with its real threads. Nothing here looks at a clock: orders and counts are asked about. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import type { Event } from "../model/event.ts";
import type { AttemptSnapshot, AttemptStore } from "../ports/attempt-store.ts";
import type { PasswordVerdict, PendingVerdict } from "../ports/password-checker.ts";
import { CheckPool } from "./check-pool.ts";
import { readHtpasswd } from "./htpasswd.ts";
import { PasswordDesk } from "./password-desk.ts";
import { PasswordUsers } from "./password-users.ts";

/** Of `correct horse`: bcrypt of the least cost, bcrypt that takes a while, and a digest. */
const QUICK = "$2b$04$JG.AZzVcuaxJhlwjfifpvuu9kz0uN0FNyHyOMlPKnj6XglmVom4Be";
const SLOW = "$2y$10$gmjPUspX.ZhfLg7.RdZmguHSnzGxhQVhn7QS5MTZ08fQN0wNL3b4S";
const SHA = "{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=";
const PASSWORD = "correct horse";
const HOUR = 3_600_000;

class MemoryAttempts implements AttemptStore {
	kept: AttemptSnapshot | null = null;

	load(): Promise<AttemptSnapshot | null> {
		return Promise.resolve(this.kept);
	}

	save(snapshot: AttemptSnapshot): Promise<void> {
		this.kept = snapshot;
		return Promise.resolve();
	}
}

class CountingPool extends CheckPool {
	checks = 0;

	override check(...asked: Parameters<CheckPool["check"]>): ReturnType<CheckPool["check"]> {
		this.checks += 1;
		return super.check(...asked);
	}
}

interface World {
	readonly desk: PasswordDesk;
	readonly pool: CountingPool;
	readonly events: Event[];
	readonly store: MemoryAttempts;
	now: number;
	readonly verdict: (user: string, password: string, peer?: string) => Promise<PasswordVerdict>;
}

async function startDesk(
	context: TestContext,
	text: string,
	{ store = new MemoryAttempts(), rememberMs = HOUR, capacity = 64 } = {},
): Promise<World> {
	const pool = new CountingPool(1, capacity);
	const events: Event[] = [];
	const world = { now: Date.UTC(2026, 0, 1) };
	const desk = new PasswordDesk({
		now: () => world.now,
		monotonic: () => world.now,
		subjectKey: new Uint8Array(32),
		store,
		record: (event) => events.push(event),
		makePool: () => pool,
	});
	context.after(() => desk.close());
	await desk.restore();
	desk.use(usersOf(text, null), rememberMs);
	return Object.assign(world, {
		desk,
		pool,
		events,
		store,
		verdict: (user: string, password: string, peer = "192.0.2.1") => settled(desk.verify(user, password, peer)),
	});
}

function usersOf(text: string, before: PasswordUsers | null): PasswordUsers {
	const reading = readHtpasswd(text);
	assert.ok("users" in reading);
	return new PasswordUsers(reading.users, new Map(), { role: "user", roles: new Map(), groupRoles: [] }, before);
}

async function settled(answer: PasswordVerdict | PendingVerdict): Promise<PasswordVerdict> {
	return "giveUp" in answer ? await answer.verdict : answer;
}

function reasonOf(verdict: PasswordVerdict): string {
	return "refused" in verdict ? verdict.refused : verdict.principal.id;
}

test("the first request is checked, the second is known at once; another network, another password and another user are checked anew", async (context) => {
	const { desk, pool, verdict } = await startDesk(context, `alice:${QUICK}\nbob:${QUICK}\n`);
	assert.equal(reasonOf(await verdict("alice", PASSWORD)), "htpasswd:alice");
	assert.equal(pool.checks, 1);
	const again = desk.verify("alice", PASSWORD, "192.0.2.1");
	assert.ok("principal" in again, "at once, without a promise");
	assert.equal(reasonOf(await verdict("alice", PASSWORD, "192.0.2.2")), "htpasswd:alice");
	assert.equal(reasonOf(await verdict("bob", PASSWORD)), "htpasswd:bob");
	assert.equal(reasonOf(await verdict("alice", "wrong")), "credential-wrong");
	assert.equal(pool.checks, 4);
});

test("a wrong password is checked once and refused from then on without being counted; it is never taken for right", async (context) => {
	const { pool, verdict } = await startDesk(context, `alice:${QUICK}\n`);
	for (let times = 0; times < 100; times += 1) assert.equal(reasonOf(await verdict("alice", "yesterday's")), "credential-wrong");
	assert.equal(pool.checks, 1);
	assert.equal(reasonOf(await verdict("alice", PASSWORD)), "htpasswd:alice");
});

test("memory ends after its time, and without memory every request is checked", async (context) => {
	const world = await startDesk(context, `alice:${QUICK}\n`);
	await world.verdict("alice", PASSWORD);
	world.now += HOUR;
	await world.verdict("alice", PASSWORD);
	assert.equal(world.pool.checks, 2);
	const without = await startDesk(context, `alice:${QUICK}\n`, { rememberMs: 0 });
	await without.verdict("alice", PASSWORD);
	await without.verdict("alice", PASSWORD);
	assert.equal(without.pool.checks, 2);
});

test("a changed line is forgotten at once, the lines beside it are not, and a removed user is unknown", async (context) => {
	const { desk, pool, verdict } = await startDesk(context, `alice:${QUICK}\nbob:${QUICK}\ncarol:${QUICK}\n`);
	for (const user of ["alice", "bob", "carol"]) await verdict(user, PASSWORD);
	// Another password for alice, carol gone.
	desk.use(usersOf(`alice:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\nbob:${QUICK}\n`, desk.users), HOUR);
	assert.equal(reasonOf(await verdict("alice", PASSWORD)), "credential-wrong");
	assert.equal(reasonOf(await verdict("alice", "password")), "htpasswd:alice");
	assert.equal(reasonOf(await verdict("carol", PASSWORD)), "credential-unknown");
	const before = pool.checks;
	assert.equal(reasonOf(await verdict("bob", PASSWORD)), "htpasswd:bob");
	assert.equal(pool.checks, before);
});

test("a check that was under way when the user was taken out opens nothing", async (context) => {
	const { desk, verdict } = await startDesk(context, `alice:${QUICK}\n`);
	const checking = verdict("alice", PASSWORD);
	desk.use(usersOf(`bob:${QUICK}\n`, desk.users), HOUR);
	assert.equal(reasonOf(await checking), "credential-unknown");
	const before = verdict("bob", PASSWORD);
	desk.use(usersOf("bob:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n", desk.users), HOUR);
	assert.equal(reasonOf(await before), "credential-wrong", "the password that was right when it was sent is not any more");
	const nobody = verdict("carol", "password");
	desk.use(usersOf(`carol:${QUICK}\n`, desk.users), HOUR);
	assert.equal(reasonOf(await nobody), "credential-wrong", "what was right for another's line is not for hers");
	desk.use(null, HOUR);
	assert.equal(desk.active, false);
	assert.equal(reasonOf(await verdict("alice", PASSWORD)), "credential-malformed");
});

test("a user who does not exist costs a check against somebody's line, and is refused though the password is that one's", async (context) => {
	const { pool, verdict } = await startDesk(context, `alice:${QUICK}\n`);
	assert.equal(reasonOf(await verdict("nobody", PASSWORD)), "credential-unknown");
	assert.equal(pool.checks, 1);
	assert.equal(reasonOf(await verdict("alice", PASSWORD)), "htpasswd:alice");
});

test("equal credentials that come at once share one check", async (context) => {
	const { pool, verdict } = await startDesk(context, `alice:${QUICK}\n`);
	const all = await Promise.all(Array.from({ length: 20 }, () => verdict("alice", PASSWORD)));
	assert.deepEqual(new Set(all.map(reasonOf)), new Set(["htpasswd:alice"]));
	assert.equal(pool.checks, 1);
});

test("while fifty callers guess, whoever is remembered is known at once, and whoever is not waits for one check and the one under way", async (context) => {
	const { desk, verdict } = await startDesk(context, `alice:${QUICK}\nbob:${QUICK}\nslow:${SLOW}\n`);
	await verdict("alice", PASSWORD, "198.51.100.1");
	const order: string[] = [];
	const noted = (name: string, checking: Promise<PasswordVerdict>) => checking.then(() => order.push(name));
	const guesses = Array.from({ length: 50 }, (_, n) => noted("guess", verdict("slow", `guess ${n}`, "203.0.113.9")));
	assert.ok("principal" in desk.verify("alice", PASSWORD, "198.51.100.1"));
	const bob = noted("bob", verdict("bob", PASSWORD, "198.51.100.2"));
	const neighbour = noted("neighbour", verdict("alice", PASSWORD, "203.0.113.9"));
	await Promise.all([bob, neighbour]);
	assert.ok(order.filter((name) => name === "guess").length <= 3, order.join());
	await desk.close();
	await Promise.all(guesses);
});

test("beyond the queue's bound, guesses of one network are refused as busy, and a newcomer from another takes a place", async (context) => {
	const { desk, verdict } = await startDesk(context, `alice:${QUICK}\nslow:${SLOW}\n`, { capacity: 4 });
	const guesses = Array.from({ length: 12 }, (_, n) => verdict("slow", `guess ${n}`, "203.0.113.9"));
	const alice = verdict("alice", PASSWORD, "198.51.100.2");
	assert.equal(reasonOf(await alice), "htpasswd:alice");
	await desk.close();
	const busy = (await Promise.all(guesses)).filter((one) => "refused" in one && one.refused === "password-checks-full");
	assert.ok(busy.length >= 7);
	assert.ok(busy.every((one) => "refused" in one && one.retryAfterMs !== null));
});

test("after five wrong passwords at one account there is a wait without a check, the same for a name that nobody has", async (context) => {
	const { pool, verdict } = await startDesk(context, `alice:${SHA}\n`);
	for (const user of ["alice", "nobody"]) {
		const before = pool.checks;
		for (let guess = 0; guess < 5; guess += 1) await verdict(user, `guess ${guess}`);
		const refused = await verdict(user, "guess 6");
		assert.deepEqual(refused, { refused: "password-attempts-exceeded", detail: null, retryAfterMs: 1000 });
		assert.equal(pool.checks, before + 5);
	}
});

test("who is remembered at a network is not kept out by somebody who guesses at the same account there", async (context) => {
	const { desk, verdict } = await startDesk(context, `alice:${SHA}\n`);
	await verdict("alice", PASSWORD);
	for (let guess = 0; guess < 15; guess += 1) desk.verify("alice", `guess ${guess}`, "192.0.2.1");
	await verdict("alice", "one more");
	for (let times = 0; times < 10; times += 1) assert.ok("principal" in desk.verify("alice", PASSWORD, "192.0.2.1"));
});

test("after a thousand wrong passwords at a remembered account, from its own network, a guess waits its turn and who is remembered does not", async (context) => {
	const { desk, verdict } = await startDesk(context, `alice:${SHA}\n`);
	await verdict("alice", PASSWORD);
	const free = Array.from({ length: 1000 }, (_, guess) => desk.verify("alice", `guess ${guess}`, "192.0.2.1"));
	const owing = Array.from({ length: 50 }, (_, guess) => desk.verify("alice", `further guess ${guess}`, "192.0.2.1"));
	for (let times = 0; times < 10; times += 1) assert.ok("principal" in desk.verify("alice", PASSWORD, "192.0.2.1"));
	for (const guess of owing) assert.ok("giveUp" in guess);
	for (const guess of owing) if ("giveUp" in guess) guess.giveUp();
	// Who leaves owes all the same: otherwise to leave and come again would be the quick way to guess.
	const more = Array.from({ length: 78 }, (_, guess) => desk.verify("alice", `still another ${guess}`, "192.0.2.1"));
	for (const guess of more) if ("giveUp" in guess) guess.giveUp();
	assert.deepEqual(await verdict("alice", "one too many"), { refused: "password-attempts-exceeded", detail: null, retryAfterMs: 200 });
	await Promise.all([...free, ...owing, ...more].map(settled));
});

test("whoever was right with the same credential is checked at once when memory of it has ended, though others guess at the account there", async (context) => {
	const world = await startDesk(context, `alice:${SHA}\n`);
	await world.verdict("alice", PASSWORD);
	for (let guess = 0; guess < 10; guess += 1) await world.verdict("alice", `guess ${guess}`);
	assert.equal(reasonOf(await world.verdict("alice", "one more")), "password-attempts-exceeded");
	world.now += HOUR;
	for (let guess = 0; guess < 10; guess += 1) await world.verdict("alice", `later guess ${guess}`);
	assert.equal(reasonOf(await world.verdict("alice", "one more")), "password-attempts-exceeded");
	const before = world.pool.checks;
	assert.equal(reasonOf(await world.verdict("alice", PASSWORD)), "htpasswd:alice");
	assert.equal(world.pool.checks, before + 1);
});

test("a storm of wrong passwords is told with the network, with the account where there is such a one, and never with a password", async (context) => {
	const { events, verdict } = await startDesk(context, `alice:${SHA}\n`);
	for (let guess = 0; guess < 25; guess += 1) await verdict(`hunter${guess}`, "x", "203.0.113.9");
	for (let guess = 0; guess < 50; guess += 1) await verdict("alice", "x", `198.51.100.${guess}`);
	for (let guess = 0; guess < 50; guess += 1) await verdict("hunter2", "x", `198.51.101.${guess}`);
	assert.deepEqual(
		events.map((event) => (event.type === "guessing-noticed" ? [event.scope, event.network, event.principal, event.wrong] : [])),
		[
			["network", "203.0.113.9", null, 20],
			["account", null, "htpasswd:alice", 50],
			["account", null, null, 50],
		],
	);
	assert.ok(!JSON.stringify(events).includes("hunter"));
});

test("waits outlive a restart, and what is kept names nobody", async (context) => {
	const first = await startDesk(context, `alice:${SHA}\n`);
	for (let guess = 0; guess < 5; guess += 1) await first.verdict("alice", `guess ${guess}`);
	await first.desk.save();
	const kept = JSON.stringify(first.store.kept);
	assert.ok(kept.length > 50 && !/alice|192\.0/.test(kept));
	const second = await startDesk(context, `alice:${SHA}\n`, { store: first.store });
	assert.equal(reasonOf(await second.verdict("alice", PASSWORD)), "password-attempts-exceeded");
	assert.equal(reasonOf(await second.verdict("alice", PASSWORD, "192.0.2.99")), "htpasswd:alice");
});

test("whoever leaves before the turn has come gives it up; of two who share a check, the one who stays has it", async (context) => {
	const { desk, verdict } = await startDesk(context, `alice:${QUICK}\nslow:${SLOW}\n`);
	const first = verdict("slow", "under way");
	const leaving = desk.verify("alice", PASSWORD, "192.0.2.1");
	const staying = desk.verify("alice", PASSWORD, "192.0.2.1");
	assert.ok("giveUp" in leaving && "giveUp" in staying);
	leaving.giveUp();
	leaving.giveUp();
	assert.equal(reasonOf(await staying.verdict), "htpasswd:alice");
	const alone = desk.verify("alice", "other", "192.0.2.1");
	assert.ok("giveUp" in alone);
	alone.giveUp();
	await Promise.all([first, alone.verdict]);
});

test("a thread that dies makes its check a fault, and the next is checked by another thread", async (context) => {
	const { pool, verdict } = await startDesk(context, `alice:${QUICK}\nslow:${SLOW}\n`);
	const checking = verdict("slow", PASSWORD);
	const waiting = verdict("alice", PASSWORD);
	await pool.kill();
	await assert.rejects(checking, { code: "key-store-unavailable" });
	assert.equal(reasonOf(await waiting), "htpasswd:alice");
});

test("a password in another normal form is the same password, and control characters or a name without letters are not looked at", async (context) => {
	const { pool, verdict } = await startDesk(context, "zo\u00eb:{PLAIN}gr\u00fc\u00dfe\n");
	assert.equal(reasonOf(await verdict("zoe\u0308", "gru\u0308\u00dfe")), "htpasswd:zo%C3%AB");
	for (const [user, password] of [
		["", "x"],
		["a b", "x"],
		["zo\u00eb", ""],
		["zo\u00eb", "x".repeat(513)],
	] as const) {
		assert.equal(reasonOf(await verdict(user, password)), "credential-malformed");
	}
	assert.equal(pool.checks, 1);
});
