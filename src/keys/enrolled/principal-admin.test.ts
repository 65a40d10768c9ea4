import assert from "node:assert/strict";
import { test } from "node:test";

import { MemoryEventLog } from "../../../test/support/memory-event-log.ts";
import { MemoryPrincipalStore } from "../../../test/support/memory-principal-store.ts";
import { ollamaClientKey } from "../../../test/support/ollama-client-key.ts";
import type { Event } from "../../model/event.ts";
import type { Administered, KeyProblemCode } from "../key-problem.ts";
import { MemorySignatureRing } from "../signed/signature-ring.ts";
import type { EnrolledRing } from "./enrolled-ring.ts";
import { isPrincipalId, type NewPrincipalRequest, PrincipalAdmin } from "./principal-admin.ts";
import type { PrincipalView } from "./principal-view.ts";

const SECONDS = 1_000_000;
const ada = ollamaClientKey();

class Rig {
	now = SECONDS * 1000;
	readonly events = new MemoryEventLog();
	readonly store = new MemoryPrincipalStore();
	readonly ring = new MemorySignatureRing({ clockSkewMs: 60_000, clearText: false });
	readonly removed: string[] = [];
	readonly admin = this.over([this.ring]);

	over(rings: readonly EnrolledRing[]): PrincipalAdmin {
		return new PrincipalAdmin({
			rings,
			store: this.store,
			events: this.events,
			clock: () => this.now,
			isRole: (name) => name === "user" || name === "operator",
			onRemoved: (id) => {
				// Whoever cuts what runs must find it refused already.
				assert.notEqual(this.asked(), id);
				this.removed.push(id);
			},
		});
	}

	add(changes: Partial<NewPrincipalRequest> = {}): Promise<Administered<PrincipalView>> {
		const request = { name: "laptop", role: "user", models: null, groups: [], expiresAt: null, by: "socket", ollamaKey: ada.line };
		return this.admin.add({ ...request, ...changes });
	}

	async added(changes: Partial<NewPrincipalRequest> = {}): Promise<PrincipalView> {
		const outcome = await this.add(changes);
		assert.ok(outcome.done, outcome.done ? "" : outcome.problem.message);
		return outcome.value;
	}

	/** What a request that ada signs is: her id, or why not. */
	asked(): string {
		const request = { method: "GET", target: `/?ts=${SECONDS}`, query: `ts=${SECONDS}`, encrypted: true, peer: "192.0.2.1" };
		const verdict = this.ring.verify(ada.authorization("GET", "/", SECONDS), request, SECONDS * 1000);
		return "principal" in verdict ? verdict.principal.id : verdict.refused;
	}

	recorded(): readonly string[] {
		return this.events.events.map(labelOf);
	}
}

function labelOf(event: Event): string {
	return "credential" in event ? `${event.type} ${event.principal} ${event.credential} by ${event.by}` : event.type;
}

function codeOf(outcome: Administered<unknown>): KeyProblemCode | "done" {
	if (outcome.done) return "done";
	assert.notEqual(outcome.problem.message, "");
	assert.notEqual(outcome.problem.hint, "");
	return outcome.problem.code;
}

test("refuses to enrol what is not sound, and leaves no trace of it", async () => {
	const rig = new Rig();
	const first = await rig.added();
	const other = ollamaClientKey().line;
	const cases: readonly [Partial<NewPrincipalRequest>, KeyProblemCode][] = [
		[{ name: "", ollamaKey: other }, "name-invalid"],
		[{ name: "LAPTOP", ollamaKey: other }, "name-taken"],
		[{ name: "b", role: "usr", ollamaKey: other }, "role-unknown"],
		[{ name: "b", models: [""], ollamaKey: other }, "models-invalid"],
		[{ name: "b", expiresAt: 1, ollamaKey: other }, "expiry-invalid"],
		[{ name: "b", ollamaKey: "" }, "public-key-invalid"],
		[{ name: "b", ollamaKey: "ssh-rsa AAAA" }, "public-key-invalid"],
		[{ name: "b" }, "public-key-taken"],
	];
	for (const [changes, code] of cases) assert.equal(codeOf(await rig.add(changes)), code);
	assert.deepEqual(
		rig.admin.list().map(({ id }) => id),
		[first.id],
	);
	assert.equal((await rig.store.all()).length, 1);
	assert.equal(rig.recorded().length, 1);
});

test("what cannot be recorded or stored is not enrolled", async () => {
	const rig = new Rig();
	rig.events.fail("disk full");
	assert.equal(codeOf(await rig.add()), "not-recorded");
	rig.events.recover(rig.now);
	rig.store.fail("disk full");
	assert.equal(codeOf(await rig.add()), "not-stored");
	assert.ok(rig.recorded().includes("fault-raised"));
	assert.equal(rig.asked(), "credential-unknown");
	rig.store.recover();
	assert.equal(rig.asked(), "credential-unknown");
	assert.equal(codeOf(await rig.add()), "done");
});

test("an enrolled client is known at once, and after a restart", async () => {
	const rig = new Rig();
	const { id, credential, state } = await rig.added({ models: ["door"] });
	assert.ok(isPrincipalId(id));
	assert.equal(state, "active");
	assert.match(credential.fingerprint, /^SHA256:[A-Za-z0-9+/]{43}$/);
	assert.equal(rig.asked(), id);
	assert.deepEqual(rig.recorded(), [`principal-added ${id} ollama-key by socket`]);

	const heard: string[] = [];
	const restarted = rig.over([{ put: (principal) => void heard.push(principal.id) }]);
	await restarted.load();
	assert.deepEqual(restarted.list(), rig.admin.list());
	assert.deepEqual(heard, [id]);
});

test("a removal holds at once, ends what runs, is stored and recorded, and is done once", async () => {
	const rig = new Rig();
	const { id } = await rig.added();
	assert.equal(codeOf(await rig.admin.remove("prn_zzzzzzzz", { by: "store" })), "principal-unknown");
	for (const time of [1, 2]) {
		const outcome = await rig.admin.remove(id, { by: "store" });
		assert.ok(outcome.done && outcome.value.warning === null && outcome.value.principal.state === "revoked", String(time));
	}
	assert.equal(rig.asked(), "credential-revoked");
	assert.deepEqual(rig.removed, [id]);
	assert.deepEqual(rig.recorded().slice(1), [`principal-removed ${id} ollama-key by store`]);
	assert.deepEqual(
		(await rig.store.all()).map(({ revokedAt }) => revokedAt),
		[rig.now],
	);
});

test("a removal that cannot be stored holds all the same, says so, and can be tried again", async () => {
	const rig = new Rig();
	const { id } = await rig.added();
	rig.store.fail("disk full");
	assert.equal(codeOf(await rig.admin.remove(id, { by: "socket" })), "not-stored");
	assert.equal(rig.asked(), "credential-revoked");
	rig.store.recover();
	assert.equal(codeOf(await rig.admin.remove(id, { by: "socket" })), "done");
	assert.equal((await rig.store.all())[0]?.revokedAt, rig.now);
});

test("a removal that cannot be recorded holds, with a warning", async () => {
	const rig = new Rig();
	const { id } = await rig.added();
	rig.events.fail("disk full");
	const outcome = await rig.admin.remove(id, { by: "socket" });
	assert.ok(outcome.done && outcome.value.warning !== null);
	assert.equal(rig.asked(), "credential-revoked");
});

test("a removed key and name may be enrolled again, as another principal", async () => {
	const rig = new Rig();
	const first = await rig.added();
	await rig.admin.remove(first.id, { by: "socket" });
	const second = await rig.added();
	assert.notEqual(second.id, first.id);
	assert.equal(rig.asked(), second.id);
	await rig.admin.remove(first.id, { by: "socket" });
	assert.equal(rig.asked(), second.id);
});

test("two at once cannot enrol one key twice", async () => {
	const rig = new Rig();
	const outcomes = await Promise.all([rig.add(), rig.add({ name: "other" })]);
	assert.deepEqual(outcomes.map(codeOf).toSorted(), ["done", "public-key-taken"]);
});
