import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";

import { MemoryEventLog } from "../../test/support/memory-event-log.ts";
import { MemoryKeyStore } from "../../test/support/memory-key-store.ts";
import type { Event } from "../model/event.ts";
import { Secret } from "../std/secret.ts";
import { type IssuedKey, KeyAdmin } from "./key-admin.ts";
import { KeyMac } from "./key-mac.ts";
import type { Administered, KeyProblemCode } from "./key-problem.ts";
import { MemoryKeyRing } from "./key-ring.ts";
import type { NewKeyRequest } from "./new-key-request.ts";

class Rig {
	now = 1_000_000;
	readonly events = new MemoryEventLog();
	readonly store = new MemoryKeyStore();
	readonly mac = new KeyMac(new Secret("5a".repeat(32)));
	readonly ring = new MemoryKeyRing(this.mac);
	readonly admin = new KeyAdmin({
		ring: this.ring,
		store: this.store,
		events: this.events,
		mac: this.mac,
		clock: () => this.now,
		isRole: (name) => name === "user" || name === "admin",
	});

	create(changes: Partial<NewKeyRequest> = {}): Promise<Administered<IssuedKey>> {
		return this.admin.create({ name: "laptop", role: "user", models: null, groups: [], expiresAt: null, by: "socket", ...changes });
	}

	/** Creates a key that must come about. */
	async issued(changes: Partial<NewKeyRequest> = {}): Promise<{ id: string; text: string }> {
		return issuedIn(await this.create(changes));
	}

	verify(text: string): string {
		const verified = this.ring.verify(text, this.now);
		return "principal" in verified ? "permitted" : verified.refused;
	}

	recorded(): readonly string[] {
		return this.events.events.map(labelOf);
	}
}

function labelOf(event: Event): string {
	return "key" in event ? `${event.type} ${event.key} ${event.name} ${event.role} by ${event.by}` : event.type;
}

function issuedIn(outcome: Administered<IssuedKey>): { id: string; text: string } {
	assert.ok(outcome.done, outcome.done ? "" : outcome.problem.message);
	return { id: outcome.value.key.id, text: outcome.value.text.reveal() };
}

function codeOf(outcome: Administered<unknown>): KeyProblemCode | "done" {
	if (outcome.done) return "done";
	assert.notEqual(outcome.problem.message, "");
	assert.notEqual(outcome.problem.hint, "");
	return outcome.problem.code;
}

test("refuses to create what is not sound, and leaves no trace of it", async () => {
	const cases: readonly [Partial<NewKeyRequest>, KeyProblemCode][] = [
		[{ name: "" }, "name-invalid"],
		[{ name: "LAPTOP" }, "name-taken"],
		[{ role: "usr" }, "role-unknown"],
		[{ models: [""] }, "models-invalid"],
		[{ expiresAt: 999 }, "expiry-invalid"],
	];
	for (const [changes, code] of cases) {
		const rig = new Rig();
		await rig.issued();
		assert.equal(codeOf(await rig.create({ name: "other", ...changes })), code);
		assert.equal(rig.recorded().length, 1);
		assert.equal((await rig.store.all()).length, 1);
	}
});

test("gives a name away only once, even to two who ask at the same time", async () => {
	const rig = new Rig();
	const outcomes = await Promise.all([rig.create(), rig.create(), rig.create()]);
	assert.deepEqual(outcomes.map(codeOf), ["done", "name-taken", "name-taken"]);
});

test("creates nothing when it cannot be recorded", async () => {
	const rig = new Rig();
	rig.events.fail("database or disk is full");
	const outcome = await rig.create();
	assert.equal(codeOf(outcome), "not-recorded");
	assert.match(outcome.done ? "" : outcome.problem.message, /disk is full/);
	assert.deepEqual(await rig.store.all(), []);
	assert.deepEqual(rig.admin.list(), []);
});

test("creates nothing when it cannot be stored, and records that too", async () => {
	const rig = new Rig();
	rig.store.fail("attempt to write a readonly database");
	assert.equal(codeOf(await rig.create()), "not-stored");
	assert.deepEqual(rig.admin.list(), []);
	assert.equal(rig.events.events.at(-1)?.type, "fault-raised");
	rig.store.recover();
	await rig.issued();
});

test("refuses to rotate what is unknown, revoked or expired, and overlaps that are none", async () => {
	const rig = new Rig();
	const rotate = async (id: string, overlapMs = 0) => codeOf(await rig.admin.rotate(id, { overlapMs, by: "socket" }));
	assert.equal(await rotate("00000000"), "key-unknown");
	const { id } = await rig.issued({ expiresAt: rig.now + 10 });
	for (const overlapMs of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 367 * 86_400_000])
		assert.equal(await rotate(id, overlapMs), "overlap-invalid");
	rig.now += 10;
	assert.equal(await rotate(id), "key-expired");
	const other = await rig.issued();
	await rig.admin.revoke(other.id, { by: "socket" });
	assert.equal(await rotate(other.id), "key-revoked");
});

test("rotates nothing when it cannot be recorded or stored: the old secret goes on working", async () => {
	for (const part of ["events", "store"] as const) {
		const rig = new Rig();
		const { id, text } = await rig.issued();
		rig[part].fail("disk I/O error");
		assert.notEqual(codeOf(await rig.admin.rotate(id, { overlapMs: 0, by: "socket" })), "done");
		assert.equal(rig.verify(text), "permitted");
	}
});

test("revokes in memory even when the store is broken, says so, and makes up for it later", async () => {
	const rig = new Rig();
	const { id, text } = await rig.issued();
	rig.store.fail("database or disk is full");
	assert.equal(codeOf(await rig.admin.revoke(id, { by: "socket" })), "not-stored");
	assert.equal(rig.verify(text), "credential-revoked");
	rig.store.recover();
	assert.equal((await rig.store.all())[0]?.revokedAt, null);
	rig.now += 5_000;
	assert.equal(codeOf(await rig.admin.revoke(id, { by: "socket" })), "done");
	assert.equal((await rig.store.all())[0]?.revokedAt, rig.now - 5_000);
	assert.equal(rig.recorded().at(-1), `key-revoked ${id} laptop user by socket`);
});

test("revokes durably even when it cannot be recorded, and says so", async () => {
	const rig = new Rig();
	const { id, text } = await rig.issued();
	rig.events.fail("disk I/O error");
	const outcome = await rig.admin.revoke(id, { by: "socket" });
	assert.ok(outcome.done);
	assert.match(outcome.value.warning ?? "", /not on record yet.*disk I\/O error/);
	assert.equal(rig.verify(text), "credential-revoked");
	assert.notEqual((await rig.store.all())[0]?.revokedAt, null);
	rig.events.recover(rig.now);
	assert.ok(rig.recorded().some((label) => label.startsWith("key-revoked")));
});

test("refuses to revoke or show what is unknown", async () => {
	const rig = new Rig();
	assert.equal(codeOf(await rig.admin.revoke("00000000", { by: "socket" })), "key-unknown");
	assert.equal(codeOf(rig.admin.show("00000000")), "key-unknown");
});

test("creates a key that works at once, is stored and is on record", async () => {
	const rig = new Rig();
	const { id, text } = await rig.issued({ models: ["llama3.2:*"], groups: [], expiresAt: rig.now + 1_000, by: "set-up" });
	assert.equal(rig.verify(text), "permitted");
	assert.deepEqual(rig.recorded(), [`key-created ${id} laptop user by set-up`]);
	const [stored] = await rig.store.all();
	assert.deepEqual(stored, {
		id,
		name: "laptop",
		role: "user",
		models: ["llama3.2:*"],
		groups: [],
		createdAt: rig.now,
		expiresAt: rig.now + 1_000,
		revokedAt: null,
		secrets: [{ mac: rig.mac.macOf(text), last4: text.slice(46, 50), createdAt: rig.now, expiresAt: null }],
	});
	rig.now += 1_000;
	assert.equal(rig.verify(text), "credential-expired");
});

test("keeps and tells a key's text nowhere but in what create returns", async () => {
	const rig = new Rig();
	const outcome = await rig.create();
	const { text } = issuedIn(outcome);
	const told = [await rig.store.all(), rig.events.events, rig.admin.list(), [...rig.ring.keys()], outcome];
	assert.equal(inspect(told, { depth: 20 }).includes(text.slice(18, 50)), false);
	assert.equal(JSON.stringify(told).includes(text.slice(18, 50)), false);
	assert.equal(JSON.stringify(rig.admin.list()).includes(rig.mac.macOf(text)), false);
});

test("frees the name of a key that was revoked or has expired", async () => {
	const rig = new Rig();
	const { id } = await rig.issued();
	await rig.admin.revoke(id, { by: "socket" });
	await rig.issued({ expiresAt: rig.now + 10 });
	rig.now += 10;
	await rig.issued();
});

test("rotates with an overlap, in which both secrets work, and without", async () => {
	const rig = new Rig();
	const first = await rig.issued();
	const second = issuedIn(await rig.admin.rotate(first.id, { overlapMs: 500, by: "socket" }));
	assert.equal(second.id, first.id);
	assert.deepEqual([rig.verify(first.text), rig.verify(second.text)], ["permitted", "permitted"]);
	assert.equal(rig.recorded().at(-1), `key-rotated ${first.id} laptop user by socket`);
	rig.now += 500;
	assert.deepEqual([rig.verify(first.text), rig.verify(second.text)], ["credential-expired", "permitted"]);
	const third = issuedIn(await rig.admin.rotate(first.id, { overlapMs: 0, by: "socket" }));
	assert.deepEqual(
		[rig.verify(first.text), rig.verify(second.text), rig.verify(third.text)],
		["credential-wrong", "credential-wrong", "permitted"],
	);
});

test("keeps two secrets at most: a second rotation ends the oldest", async () => {
	const rig = new Rig();
	const first = await rig.issued();
	const second = issuedIn(await rig.admin.rotate(first.id, { overlapMs: 5_000, by: "socket" }));
	const third = issuedIn(await rig.admin.rotate(first.id, { overlapMs: 5_000, by: "socket" }));
	assert.deepEqual(
		[rig.verify(first.text), rig.verify(second.text), rig.verify(third.text)],
		["credential-wrong", "permitted", "permitted"],
	);
});

test("revokes all secrets of a key at once, and once only", async () => {
	const rig = new Rig();
	const first = await rig.issued();
	const second = issuedIn(await rig.admin.rotate(first.id, { overlapMs: 5_000, by: "socket" }));
	assert.equal(codeOf(await rig.admin.revoke(first.id, { by: "socket" })), "done");
	assert.deepEqual([rig.verify(first.text), rig.verify(second.text)], ["credential-revoked", "credential-revoked"]);
	const before = rig.recorded().length;
	assert.equal(codeOf(await rig.admin.revoke(first.id, { by: "socket" })), "done");
	assert.equal(rig.recorded().length, before);
});

test("loads what the store holds", async () => {
	const rig = new Rig();
	const { id, text } = await rig.issued();
	const ring = new MemoryKeyRing(rig.mac);
	const again = new KeyAdmin({ ring, store: rig.store, events: rig.events, mac: rig.mac, clock: () => rig.now, isRole: () => true });
	await again.load();
	assert.ok("principal" in ring.verify(text, rig.now));
	assert.deepEqual(again.list(), rig.admin.list());
	const shown = again.show(id);
	assert.ok(shown.done);
	assert.equal(shown.value.state, "active");
});

test("shows the state of a key and the secrets that open it", async () => {
	const rig = new Rig();
	const { id, text } = await rig.issued({ expiresAt: rig.now + 1_000 });
	await rig.admin.rotate(id, { overlapMs: 100, by: "socket" });
	const stateAndSecrets = () => {
		const shown = rig.admin.show(id);
		assert.ok(shown.done);
		return [shown.value.state, shown.value.secrets.length];
	};
	assert.deepEqual(stateAndSecrets(), ["active", 2]);
	assert.equal(rig.admin.list()[0]?.secrets[1]?.last4, text.slice(46, 50));
	rig.now += 100;
	assert.deepEqual(stateAndSecrets(), ["active", 1]);
	rig.now += 900;
	assert.deepEqual(stateAndSecrets(), ["expired", 1]);
	await rig.admin.revoke(id, { by: "socket" });
	assert.deepEqual(stateAndSecrets(), ["revoked", 1]);
});
