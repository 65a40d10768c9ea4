import assert from "node:assert/strict";
import { test } from "node:test";

import type { Person } from "./person.ts";
import { type SessionLimits, Sessions } from "./sessions.ts";

const LIMITS: SessionLimits = { idleMs: 1_000, lifetimeMs: 5_000, maxSessions: 12 };

function world(limits: Partial<SessionLimits> = {}) {
	const clock = { now: 1_000_000 };
	const ended: string[] = [];
	const onEnded = ({ person }: { readonly person: Person }, why: string): void => void ended.push(`${person.id}: ${why}`);
	const sessions = new Sessions({ now: () => clock.now, limits: { ...LIMITS, ...limits }, onEnded });
	const open = (id: string) => {
		const opened = sessions.open({ id, name: id, subject: id, role: "viewer" }, "browser", null);
		assert.ok(opened !== null);
		return { token: opened.token.reveal(), id: opened.session.id };
	};
	return { clock, ended, sessions, open };
}

test("what is not a token, or nobody's, opens nothing", () => {
	const { sessions, open } = world();
	const { token, id } = open("a");
	for (const wrong of [
		"",
		id,
		token.slice(0, -1),
		`${token}A`,
		token.toUpperCase(),
		token.replace("rmp_session_", ""),
		`rmp_session_${"A".repeat(43)}`,
	]) {
		assert.equal(sessions.find(wrong), null, wrong);
	}
	assert.equal(sessions.find(token)?.person.id, "a");
});

test("a session ends without use, and in any case, and is told of once", () => {
	const { clock, ended, sessions, open } = world();
	const idle = open("idle");
	const busy = open("busy");
	for (let step = 0; step < 9; step++) {
		clock.now += 500;
		assert.equal(sessions.find(busy.token)?.person.id, "busy");
	}
	assert.equal(sessions.find(idle.token), null);
	clock.now += 500;
	assert.equal(sessions.find(busy.token), null);
	sessions.sweep();
	assert.deepEqual(ended.toSorted(), ["busy: too old", "idle: idle"]);
});

test("a clock that goes back keeps no session alive", () => {
	const { clock, sessions, open } = world();
	const { token } = open("a");
	clock.now -= 1;
	assert.equal(sessions.find(token), null);
});

test("one person's eleventh session ends that person's least used, and nobody else's", () => {
	const { clock, ended, sessions, open } = world();
	const other = open("other");
	const own = Array.from({ length: 10 }, () => {
		clock.now += 1;
		return open("many");
	});
	clock.now += 1;
	assert.notEqual(sessions.find(own[0]?.token ?? ""), null);
	open("many");
	assert.deepEqual(ended, ["many: too many of one person"]);
	assert.equal(sessions.find(own[1]?.token ?? ""), null);
	assert.notEqual(sessions.find(own[0]?.token ?? ""), null);
	assert.notEqual(sessions.find(other.token), null);
});

test("when all are taken, nobody else's is ended for a new one; one whose time is over makes room", () => {
	const { clock, sessions, open } = world({ maxSessions: 2 });
	open("a");
	open("b");
	assert.equal(sessions.open({ id: "c", name: "c", subject: "c", role: "admin" }, "browser", null), null);
	clock.now += LIMITS.idleMs;
	open("c");
	assert.equal(sessions.all().length, 1);
});

test("what a session was inherited from bounds its life", () => {
	const { clock, sessions } = world({ idleMs: 5_000 });
	const opened = sessions.open({ id: "a", name: "a", subject: "a", role: "viewer" }, "terminal", null, clock.now - 4_000);
	assert.ok(opened !== null);
	assert.equal(sessions.expiryOf(opened.session), clock.now + 1_000);
	clock.now += 1_000;
	assert.equal(sessions.find(opened.token.reveal()), null);
});

test("tokens are not in what is kept: neither as text nor by way of JSON", () => {
	const { sessions, open } = world();
	const { token } = open("a");
	assert.ok(!JSON.stringify(sessions.all()).includes(token.slice(12)));
});
