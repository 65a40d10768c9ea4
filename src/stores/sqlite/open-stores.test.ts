import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, type TestContext, test } from "node:test";
import { inspect } from "node:util";

import { keyEvent, startedEvent } from "../../../test/support/sample-events.ts";
import { temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import { temporaryStores } from "../../../test/support/temporary-stores.ts";
import { HintedError } from "../../std/hinted-error.ts";
import { EventDatabase } from "./event-database.ts";
import { KeyDatabase } from "./key-database.ts";
import { openStores } from "./open-stores.ts";
import { StateFiles } from "./state-files.ts";
import { verifyChain } from "./verify-chain.ts";

/** A state that was used and closed; tests change copies of it. */
const template = mkdtempSync(join(tmpdir(), "rempart-test-"));
after(() => rmSync(template, { recursive: true }));
before(() => useState(template));

async function useState(directory: string): Promise<void> {
	const stores = await openStores({ directory, clock: () => 1_000, sealAfterMs: 3_600_000 });
	// Four blocks; the first commit and the end are sealed.
	for (let block = 1; block <= 4; block += 1) await stores.events.append(keyEvent({ at: block })).settled;
	await stores.keys.insert({
		id: "ab12cd34",
		name: "laptop",
		role: "user",
		models: null,
		groups: [],
		createdAt: 1,
		expiresAt: null,
		revokedAt: null,
		secrets: [{ mac: "00".repeat(32), last4: "abcd", createdAt: 1, expiresAt: null }],
	});
	await stores.close();
}

function usedState(context: TestContext): string {
	const directory = temporaryDirectory(context);
	cpSync(template, directory, { recursive: true });
	return directory;
}

/** As after a crash: the blocks from the second on have no checkpoint. */
const UNSEAL = "DELETE FROM checkpoints WHERE number > 2";

function alter(file: string, sql: string): void {
	const database = new DatabaseSync(file);
	database.exec(sql);
	database.close();
}

function hinted(pattern: RegExp): (error: unknown) => boolean {
	return (error) => {
		assert.ok(error instanceof HintedError, String(error));
		assert.match(error.message, pattern);
		assert.notEqual(error.hint, "");
		return true;
	};
}

const open = (directory: string) => openStores({ directory, clock: () => 2_000 });

test("refuses a state that is in use", async (context) => {
	const stores = await temporaryStores(context);
	await assert.rejects(open(stores.directory), hinted(/in use by process/));
	await stores.close();
	await (await open(stores.directory)).close();
});

test("refuses to make a fresh secret where the old one is needed", async (context) => {
	for (const file of ["pepper", "signing-key.pem"]) {
		const directory = usedState(context);
		rmSync(join(directory, file));
		await assert.rejects(open(directory), hinted(/is missing/));
		assert.equal(readdirSync(directory).includes(file), false);
	}
});

test("refuses secrets that are none", async (context) => {
	for (const [file, pattern] of [
		["pepper", /not 32 bytes in hexadecimal/],
		["signing-key.pem", /does not hold an Ed25519 key/],
	] as const) {
		const directory = usedState(context);
		writeFileSync(join(directory, file), "secret canary");
		await assert.rejects(open(directory), (error) => hinted(pattern)(error) && !inspect(error).includes("canary"));
	}
});

test("refuses a signing key that did not begin the log", async (context) => {
	const directory = usedState(context);
	const other = temporaryDirectory(context);
	await useState(other);
	writeFileSync(join(directory, "signing-key.pem"), readFileSync(join(other, "signing-key.pem")));
	await assert.rejects(open(directory), hinted(/another signing key/));
});

test("refuses databases that are damaged, altered or of a newer program", async (context) => {
	const cases: readonly [string, RegExp, (directory: string) => void][] = [
		["overwritten log", /events\.db is damaged/, (directory) => writeFileSync(join(directory, "events.db"), "x".repeat(8_192))],
		["overwritten keys", /keys\.db is damaged/, (directory) => writeFileSync(join(directory, "keys.db"), "x".repeat(8_192))],
		[
			"a newer log",
			/has schema 99/,
			(directory) => alter(join(directory, "events.db"), "INSERT INTO migrations VALUES (99, 'from the future', 0)"),
		],
		[
			"newer keys",
			/has schema 99/,
			(directory) => alter(join(directory, "keys.db"), "INSERT INTO migrations VALUES (99, 'from the future', 0)"),
		],
		["no checkpoint", /no checkpoint/, (directory) => alter(join(directory, "events.db"), "DELETE FROM checkpoints")],
		[
			"a forged checkpoint",
			/signature of its last checkpoint/,
			(directory) => alter(join(directory, "events.db"), "UPDATE checkpoints SET signature = zeroblob(64)"),
		],
		["no genesis", /no valid genesis/, (directory) => alter(join(directory, "events.db"), "DELETE FROM blocks WHERE first_seq = 0")],
		[
			"a changed last block",
			/was changed/,
			(directory) => alter(join(directory, "events.db"), "UPDATE blocks SET body = CAST('{}' AS BLOB) WHERE first_seq = 4"),
		],
		[
			"a deleted last block",
			/does not match its last checkpoint/,
			(directory) => alter(join(directory, "events.db"), "DELETE FROM blocks WHERE first_seq = 4"),
		],
		[
			"a block missing from the unsigned tail",
			/event 3 is missing/,
			(directory) => alter(join(directory, "events.db"), `${UNSEAL}; DELETE FROM blocks WHERE first_seq = 3`),
		],
		[
			"a block of the unsigned tail that hangs on nothing",
			/event 4 is missing/,
			(directory) => alter(join(directory, "events.db"), `${UNSEAL}; UPDATE blocks SET previous_hash = zeroblob(32) WHERE first_seq = 4`),
		],
		[
			"a changed block of the unsigned tail",
			/was changed/,
			(directory) => alter(join(directory, "events.db"), `${UNSEAL}; UPDATE blocks SET body = CAST('{}' AS BLOB) WHERE first_seq = 3`),
		],
		[
			"a key that is none",
			/is not a list of secrets/,
			(directory) => alter(join(directory, "keys.db"), "UPDATE keys SET secrets = '[{}]'"),
		],
	];
	for (const [name, pattern, damage] of cases) {
		const directory = usedState(context);
		damage(directory);
		assert.throws(
			() => openDatabases(directory),
			(error) => {
				assert.ok(error instanceof Error, name);
				assert.match(error.message, pattern, name);
				return true;
			},
		);
	}
});

/** What the worker does with them, without a worker for each case. */
function openDatabases(directory: string): void {
	const files = new StateFiles(directory);
	new EventDatabase({ file: files.events, signingKey: readFileSync(files.signingKey), now: 2_000 }).close();
	const keys = new KeyDatabase(files.keys, 2_000);
	try {
		keys.all();
	} finally {
		keys.close();
	}
}

test("refuses to start on a damaged log, and gives the lock back", async (context) => {
	const directory = usedState(context);
	const log = readFileSync(join(directory, "events.db"));
	writeFileSync(join(directory, "events.db"), "x".repeat(8_192));
	await assert.rejects(open(directory), hinted(/events\.db is damaged/));
	writeFileSync(join(directory, "events.db"), log);
	await (await open(directory)).close();
});

test("makes everything for its owner alone", async (context) => {
	const stores = await temporaryStores(context);
	await stores.events.append(startedEvent()).settled;
	const files = readdirSync(stores.directory);
	for (const file of ["events.db", "events.db-wal", "keys.db", "lock.db", "pepper", "signing-key.pem"])
		assert.ok(files.includes(file), file);
	for (const file of files) assert.equal(statSync(join(stores.directory, file)).mode & 0o777, 0o600, file);
});

test("goes on after a crash that left blocks without a checkpoint", async (context) => {
	const directory = usedState(context);
	alter(join(directory, "events.db"), UNSEAL);
	const stores = await open(directory);
	await stores.events.append(keyEvent({ at: 5 })).settled;
	await stores.close();
	const { firstProblem, sealedSeq } = await verifyChain({ directory });
	assert.deepEqual({ firstProblem, sealedSeq }, { firstProblem: null, sealedSeq: 5 });
});

test("keeps secrets, keys and the numbers of events over a restart", async (context) => {
	const stores = await temporaryStores(context);
	const { pepper, fingerprint } = stores;
	await stores.events.append(startedEvent({ request: "before" })).settled;
	await stores.close();
	const again = await open(stores.directory);
	assert.equal(again.pepper.reveal(), pepper.reveal());
	assert.match(pepper.reveal(), /^[0-9a-f]{64}$/);
	assert.equal(again.fingerprint, fingerprint);
	await again.events.append(startedEvent({ request: "after" })).settled;
	const read = await again.events.read({ limit: 10 });
	assert.deepEqual(
		read.map(({ seq, event }) => [seq, "request" in event ? event.request : null]),
		[
			[1, "before"],
			[2, "after"],
		],
	);
	await again.close();
});

test("shows no secret when it is printed", async (context) => {
	const stores = await temporaryStores(context);
	const secrets = [stores.pepper.reveal(), readFileSync(join(stores.directory, "signing-key.pem"), "utf8").split("\n")[1] ?? "-"];
	for (const secret of secrets) assert.equal(inspect(stores, { depth: 20, showHidden: true }).includes(secret), false);
});

test("closes once, however often it is told to", async (context) => {
	const stores = await temporaryStores(context);
	await Promise.all([stores.close(), stores.close()]);
	await stores.close();
});
