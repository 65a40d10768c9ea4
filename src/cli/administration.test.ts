/** One suite for both ways of administering: what a verb gets must not depend on whether a server runs. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

import { adminWorld, requestStarted } from "../../test/support/admin-deps.ts";
import { fakeWorld, folder } from "../../test/support/cli.ts";
import { ollamaClientKey } from "../../test/support/ollama-client-key.ts";
import { createAdminApi } from "../admin/admin-api.ts";
import { listenOnSocket } from "../admin/admin-listener.ts";
import { KEY_PATTERN } from "../keys/key-format.ts";
import { HintedError } from "../std/hinted-error.ts";
import type { Administration } from "./administration.ts";
import { openAdministration } from "./open-administration.ts";

const WAYS: readonly (readonly [way: string, by: string, open: (t: TestContext) => Promise<Administration>])[] = [
	["the store", "store", async (t) => await openAdministration({ state: await folder(t) }, fakeWorld().surroundings, { create: true })],
	["the socket", "socket", async (t) => (await overSocket(t)).administration],
];

for (const [way, by, open] of WAYS) {
	test(`through ${way}: problems come back as problems, in the store's own words`, async (t) => {
		await using administration = await open(t);
		const asked = { name: "laptop", role: "user", models: null, groups: [], expiresAt: null };
		for (const [act, code] of [
			[administration.createKey({ ...asked, role: "wizard" }), "role-unknown"],
			[administration.createKey({ ...asked, name: " " }), "name-invalid"],
			[administration.createKey({ ...asked, models: [""] }), "models-invalid"],
			[administration.createKey({ ...asked, groups: ["a,b"] }), "groups-invalid"],
			[administration.createKey({ ...asked, expiresAt: 1 }), "expiry-invalid"],
			[administration.showKey("zzzzzzzz"), "key-unknown"],
			[administration.rotateKey("zzzzzzzz", 0), "key-unknown"],
			[administration.revokeKey("zzzzzzzz"), "key-unknown"],
		] as const) {
			const outcome = await act;
			assert.ok(!outcome.done, code);
			assert.equal(outcome.problem.code, code);
			assert.ok(outcome.problem.hint.length > 0);
		}
		const explained = await administration.explain({
			subject: { kind: "key", id: "zzzzzzzz" },
			method: "GET",
			path: "/api/tags",
			body: null,
			from: null,
			shown: [],
		});
		assert.ok("problem" in explained || way === "the socket");
	});

	test(`through ${way}: a client is enrolled, listed and removed, and each act is on record`, async (t) => {
		await using administration = await open(t);
		const asked = { name: "ada", role: "user", models: ["door"], groups: [], expiresAt: null, ollamaKey: ollamaClientKey().line };
		for (const [act, code] of [
			[administration.addPrincipal({ ...asked, ollamaKey: "ssh-rsa AAAA" }), "public-key-invalid"],
			[administration.addPrincipal({ ...asked, role: "wizard" }), "role-unknown"],
			[administration.removePrincipal("prn_zzzzzzzz"), "principal-unknown"],
		] as const) {
			const outcome = await act;
			assert.ok(!outcome.done && outcome.problem.code === code, code);
			assert.ok(outcome.problem.hint.length > 0);
		}
		const added = await administration.addPrincipal(asked);
		assert.ok(added.done);
		assert.deepEqual(await administration.listPrincipals(), [added.value]);
		const taken = await administration.addPrincipal({ ...asked, name: "eve" });
		assert.ok(!taken.done && taken.problem.code === "public-key-taken");
		const removed = await administration.removePrincipal(added.value.id);
		assert.ok(removed.done);
		assert.equal(removed.value.principal.state, "revoked");
		const events = await administration.events({ limit: 10, principal: added.value.id });
		assert.deepEqual(
			events.map(({ event }) => ["by" in event && event.by, event.type]),
			[
				[by, "principal-added"],
				[by, "principal-removed"],
			],
		);
	});

	test(`through ${way}: a client certificate is issued once, and is on record without its key`, async (t) => {
		await using administration = await open(t);
		const asked = { name: "ada", role: "user", models: null, groups: [], expiresAt: null };
		const refused = await administration.enrol({ ...asked, role: "wizard" });
		assert.ok(!refused.done && refused.problem.code === "role-unknown");
		const enrolled = await administration.enrol(asked);
		assert.ok(enrolled.done);
		const { principal, certificate, key, authority, asked: isAsked } = enrolled.value;
		assert.equal(typeof isAsked, "boolean");
		assert.equal(principal.credential.kind, "certificate");
		assert.ok(principal.credential.serial !== null && principal.expiresAt !== null);
		assert.ok(certificate !== "" && authority !== "" && key.reveal() !== "");
		assert.deepEqual(await administration.listPrincipals(), [principal]);
		const recorded = JSON.stringify(await administration.events({ limit: 10, principal: principal.id }));
		assert.match(recorded, /"type":"principal-added"/);
		assert.ok(!recorded.includes("PRIVATE") && !recorded.includes("key of"));
	});

	test(`through ${way}: a key is made, listed, shown, rotated and revoked, and each act is on record`, async (t) => {
		await using administration = await open(t);
		const created = await administration.createKey({ name: "laptop", role: "user", models: ["llama3.2:*"], groups: [], expiresAt: null });
		assert.ok(created.done);
		const { id } = created.value.key;
		assert.match(created.value.text.reveal(), KEY_PATTERN);
		assert.deepEqual(
			(await administration.listKeys()).map(({ name, role, models, state }) => [name, role, models, state]),
			[["laptop", "user", ["llama3.2:*"], "active"]],
		);
		const taken = await administration.createKey({ name: "laptop", role: "user", models: null, groups: [], expiresAt: null });
		assert.ok(!taken.done && taken.problem.code === "name-taken");

		const rotated = await administration.rotateKey(id, 60_000);
		assert.ok(rotated.done);
		assert.notEqual(rotated.value.text.reveal(), created.value.text.reveal());
		assert.equal(rotated.value.key.secrets.length, 2);
		const revoked = await administration.revokeKey(id);
		assert.ok(revoked.done && revoked.value.key.state === "revoked" && revoked.value.warning === null);
		const shown = await administration.showKey(id);
		assert.ok(shown.done && shown.value.state === "revoked");

		const events = await administration.events({ limit: 10 });
		assert.deepEqual(
			events.map(({ seq, event }) => [seq, event.type, "by" in event && event.by]),
			[
				[1, "key-created", by],
				[2, "key-rotated", by],
				[3, "key-revoked", by],
			],
		);
		assert.deepEqual(
			(await administration.events({ limit: 10, types: ["key-revoked"] })).map(({ seq }) => seq),
			[3],
		);
		assert.deepEqual(
			(await administration.events({ limit: 1 })).map(({ seq }) => seq),
			[3],
		);
	});
}

test("without a server there is nothing to follow, and it is said so", async (t) => {
	await using administration = await openAdministration({ state: await folder(t) }, fakeWorld().surroundings, { create: true });
	assert.throws(() => administration.follow({ limit: 1 }, new AbortController().signal), HintedError);
});

test("following ends when it is told to, also while it waits", async (t) => {
	const { administration, record } = await overSocket(t);
	record();
	const enough = new AbortController();
	const seen: number[] = [];
	for await (const { seq } of administration.follow({ limit: 10 }, enough.signal)) {
		seen.push(seq);
		if (seen.length === 1) record();
		// The next line will not come; ending must not wait for it.
		else enough.abort();
	}
	assert.deepEqual(seen, [1, 2]);
});

test("following a server that goes away is an error, not the end of events", async (t) => {
	const { administration, record, close } = await overSocket(t);
	record();
	await assert.rejects(async () => {
		for await (const recorded of administration.follow({ limit: 10 }, new AbortController().signal)) {
			assert.equal(recorded.seq, 1);
			await close();
		}
	}, HintedError);
});

test("a state that is not there is not made by looking at it", async (t) => {
	const state = join(await folder(t), "absent");
	await assert.rejects(openAdministration({ state }, fakeWorld().surroundings, { create: false }), /there is no state/);
});

test("a configuration that is not sound does not keep a stolen key alive", async (t) => {
	const state = await folder(t);
	const { surroundings } = fakeWorld();
	await using sound = await openAdministration({ state }, surroundings, { create: true });
	const created = await sound.createKey({ name: "stolen", role: "user", models: null, groups: [], expiresAt: null });
	assert.ok(created.done);
	await sound[Symbol.asyncDispose]();
	await using broken = await openAdministration({ state, config: "/nonexistent/rempart.yaml" }, surroundings, { create: false });
	assert.ok((await broken.revokeKey(created.value.key.id)).done);
	await assert.rejects(broken.createKey({ name: "other", role: "user", models: null, groups: [], expiresAt: null }), HintedError);
});

async function overSocket(t: TestContext) {
	const state = await folder(t);
	const world = adminWorld();
	const listener = await listenOnSocket(createAdminApi(world.deps), join(state, "admin.sock"));
	t.after(() => listener.close());
	const administration = await openAdministration({ state }, fakeWorld().surroundings, { create: false });
	const record = () => world.record(requestStarted());
	return { administration, record, close: () => listener.close() };
}
