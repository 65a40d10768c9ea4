import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, type TestContext, test } from "node:test";
import { newSigningKey } from "../../../test/support/sample-chain.ts";
import { startedEvent } from "../../../test/support/sample-events.ts";
import { temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import { temporaryStores } from "../../../test/support/temporary-stores.ts";
import { HintedError } from "../../std/hinted-error.ts";
import type { ExportedCheckpoint } from "./chain.ts";
import { openStores } from "./open-stores.ts";
import { verifyChain } from "./verify-chain.ts";

const checkpoints: ExportedCheckpoint[] = [];
/** A closed log with 60 events in blocks of one to ten, which no test changes. */
const directory = mkdtempSync(join(tmpdir(), "rempart-test-"));
after(() => rmSync(directory, { recursive: true }));
before(async () => {
	const stores = await openStores({
		directory,
		clock: () => 1_000,
		spacingMs: 0,
		onCheckpoint: (checkpoint) => checkpoints.push(checkpoint),
	});
	for (let index = 0; index < 60; index += 1) {
		const batch = stores.events.append(
			startedEvent({ at: 1_000 + index, request: `request-${index}`, detail: index > 40 ? "x".repeat(800) : null }),
		);
		if (index % 10 <= 2) await batch.settled;
	}
	await stores.close();
});

function copyOf(context: TestContext, original: string): string {
	const copy = temporaryDirectory(context);
	cpSync(original, copy, { recursive: true });
	return copy;
}

function alter(directory: string, ...statements: string[]): void {
	const database = new DatabaseSync(join(directory, "events.db"));
	for (const statement of statements) database.exec(statement);
	database.close();
}

test("refuses a directory without a log", async (context) => {
	await assert.rejects(verifyChain({ directory: temporaryDirectory(context) }), HintedError);
});

test("finds what was altered in the file", async (context) => {
	const cases: readonly [string, string[]][] = [
		[
			"an event changed",
			["UPDATE blocks SET body = CAST(replace(CAST(body AS TEXT), 'request-0', 'request-X') AS BLOB) WHERE first_seq = 1"],
		],
		[
			"a body of another type",
			[
				"DROP TABLE IF EXISTS copy; CREATE TABLE copy AS SELECT * FROM blocks; DROP TABLE blocks; ALTER TABLE copy RENAME TO blocks; UPDATE blocks SET body = 'text' WHERE first_seq = 1",
			],
		],
		["a block deleted", ["DELETE FROM blocks WHERE first_seq = (SELECT max(first_seq) / 2 FROM blocks) OR first_seq = 2"]],
		["everything deleted", ["DELETE FROM blocks; DELETE FROM checkpoints"]],
		["all events deleted", ["DELETE FROM blocks WHERE first_seq > 0"]],
		["the tail deleted", ["DELETE FROM blocks WHERE first_seq = (SELECT max(first_seq) FROM blocks)"]],
		[
			"two blocks swapped",
			[
				"UPDATE blocks SET first_seq = 1000000 WHERE first_seq = 1; UPDATE blocks SET first_seq = 1 WHERE first_seq = 2; UPDATE blocks SET first_seq = 2 WHERE first_seq = 1000000",
			],
		],
		["times changed, to hide from a query", ["UPDATE blocks SET first_at = 0, last_at = 0 WHERE first_seq = 2"]],
		[
			"a block before the genesis",
			["INSERT INTO blocks SELECT -9223372036854775807, -1, first_at, last_at, previous_hash, hash, body FROM blocks WHERE first_seq = 1"],
		],
		[
			"a block far behind the end",
			[
				"INSERT INTO blocks SELECT 9223372036854775807, 9223372036854775807, first_at, last_at, previous_hash, hash, body FROM blocks WHERE first_seq = 1",
			],
		],
		["a checkpoint with a forged signature", ["UPDATE checkpoints SET signature = zeroblob(64) WHERE number = 2"]],
		["the first checkpoint deleted", ["DELETE FROM checkpoints WHERE number = 1"]],
		["all checkpoints deleted", ["DELETE FROM checkpoints"]],
		["the table gone", ["DROP TABLE blocks"]],
	];
	for (const [name, statements] of cases) {
		const copy = copyOf(context, directory);
		alter(copy, ...statements);
		const report = await verifyChain({ directory: copy });
		assert.equal(report.ok, false, name);
		assert.notEqual(report.firstProblem, null, name);
	}
});

test("finds every bit flipped anywhere in the file, unless the log reads the same as before", async (context) => {
	const sound = readFileSync(join(directory, "events.db"));
	const original = contentOf(directory);
	const copy = copyOf(context, directory);
	let found = 0;
	const flips = 60;
	for (let flip = 0; flip < flips; flip += 1) {
		const damaged = Buffer.from(sound);
		// Spread over the whole file, the same in every run.
		const at = Math.floor((flip + 0.5) * (sound.length / flips)) ^ (flip & 7);
		damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << (flip & 7)), at);
		writeFileSync(join(copy, "events.db"), damaged);
		const report = await verifyChain({ directory: copy });
		if (report.ok) assert.equal(contentOf(copy), original, `bit ${flip & 7} of byte ${at}`);
		else found += 1;
	}
	assert.ok(found > flips / 4, `${found} of ${flips}`);
});

test("reports a file that was cut short or overwritten instead of failing", async (context) => {
	for (const damage of [
		(file: string) => truncateSync(file, 9_000),
		(file: string) => writeFileSync(file, "this is no database, whatever its name may say"),
		(file: string) => truncateSync(file, 0),
	]) {
		const copy = copyOf(context, directory);
		damage(join(copy, "events.db"));
		assert.equal((await verifyChain({ directory: copy })).ok, false);
	}
});

test("refuses a key that did not sign the log, and says when it had none to compare", async (context) => {
	const other = await verifyChain({ directory, publicKey: createPublicKey(newSigningKey()) });
	assert.match(other.firstProblem?.what ?? "", /another signing key/);
	const copy = copyOf(context, directory);
	rmSync(join(copy, "signing-key.pem"));
	assert.deepEqual(pickTrust(await verifyChain({ directory: copy })), { ok: true, trusted: false });
	assert.deepEqual(pickTrust(await verifyChain({ directory })), { ok: true, trusted: true });
});

test("finds, with a checkpoint that left the machine, what whoever has the signing key rewrote or cut off", async (context) => {
	const witness = checkpoints.at(-1);
	assert.ok(witness);
	assert.equal((await verifyChain({ directory, witness })).ok, true);

	const cut = copyOf(context, directory);
	alter(cut, "DELETE FROM blocks WHERE first_seq > 0; DELETE FROM checkpoints WHERE number > 1");
	assert.equal((await verifyChain({ directory: cut })).ok, true);
	assert.match((await verifyChain({ directory: cut, witness })).firstProblem?.what ?? "", /ends before event 60/);

	const rewritten = copyOf(context, cut);
	const stores = await openStores({ directory: rewritten, clock: () => 2_000 });
	for (let index = 0; index < 60; index += 1) stores.events.append(startedEvent({ request: `innocent-${index}` }));
	await stores.close();
	assert.equal((await verifyChain({ directory: rewritten })).ok, true);
	assert.match((await verifyChain({ directory: rewritten, witness })).firstProblem?.what ?? "", /witnessed checkpoint/);
});

test("verifies a log that is being written, and reports how far it is", async (context) => {
	const stores = await temporaryStores(context, { spacingMs: 0 });
	await stores.events.append(startedEvent()).settled;
	const seen: number[] = [];
	const verified = verifyChain({ directory: stores.directory, onProgress: ({ events }) => seen.push(events) });
	await stores.events.append(startedEvent()).settled;
	const report = await verified;
	assert.equal(report.ok, true);
	assert.equal(seen.at(-1), report.events);
	assert.ok(report.events >= 1);
});

test("stops when asked to", async () => {
	await assert.rejects(verifyChain({ directory, signal: AbortSignal.abort() }), { name: "AbortError" });
	const abort = new AbortController();
	let rounds = 0;
	const verified = verifyChain({
		directory,
		signal: abort.signal,
		onProgress: () => {
			rounds += 1;
			abort.abort();
		},
	});
	// A log that fits into one slice is through before the abort is heard.
	await verified.catch((error: unknown) => assert.equal(error, abort.signal.reason));
	assert.ok(rounds <= 2);
});

test("reports what it verified", async (context) => {
	const stores = await openStores({ directory: copyOf(context, directory), clock: () => 1_000 });
	const { fingerprint } = stores;
	await stores.close();
	const report = await verifyChain({ directory });
	assert.equal(report.firstProblem, null);
	assert.equal(report.events, 60);
	assert.equal(report.sealedSeq, 60);
	assert.equal(report.fingerprint, fingerprint);
	assert.equal(report.checkpoints, checkpoints.length + 1);
	assert.ok(report.blocks > 10);
});

function pickTrust({ ok, trusted }: { readonly ok: boolean; readonly trusted: boolean }): { ok: boolean; trusted: boolean } {
	return { ok, trusted };
}

function contentOf(directory: string): string {
	const database = new DatabaseSync(join(directory, "events.db"), { readOnly: true });
	try {
		return JSON.stringify([
			database.prepare("SELECT * FROM blocks ORDER BY first_seq").all(),
			database.prepare("SELECT * FROM checkpoints ORDER BY number").all(),
		]);
	} finally {
		database.close();
	}
}
