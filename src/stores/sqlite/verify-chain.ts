/**
 * Verifies the whole event log of a state directory: what `rempart events verify` runs.
 *
 *  - Reads only, over a connection of its own, so it works on a stopped server, a copy, and a running server, which goes on appending meanwhile. What
 *    is verified is what stood there at the start.
 *  - Finds every changed, missing, added, swapped or reordered event and every forged or missing checkpoint up to the last checkpoint; after it (at
 *    most about a second of events) the hash chain alone, which whoever can write the file can also continue.
 *  - `witness` is a checkpoint that left the machine earlier. It finds what nothing inside the file can show: a history rewritten or cut short by
 *    somebody who has the signing key, hence by root.
 */
import { createPublicKey, type KeyObject } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

import { HintedError } from "../../std/hinted-error.ts";

import { type Checkpoint, type ExportedCheckpoint, fingerprintOf } from "./chain.ts";
import { type ChainProblem, ChainVerifier } from "./chain-verifier.ts";
import { blockOf, checkpointOf } from "./event-schema.ts";
import { integerIn, type Row } from "./row.ts";
import { StateFiles } from "./state-files.ts";

export interface VerifyChainOptions {
	readonly directory: string;
	/** The key to trust, from elsewhere. Without it, the one in the directory; without that, the one that the log names itself. */
	readonly publicKey?: KeyObject;
	readonly witness?: Pick<ExportedCheckpoint, "seq" | "hash">;
	readonly onProgress?: (progress: { readonly events: number; readonly eventsInAll: number }) => void;
	readonly signal?: AbortSignal;
}

export interface ChainReport {
	readonly ok: boolean;
	/** As far as verified. */
	readonly blocks: number;
	readonly events: number;
	readonly checkpoints: number;
	/** The last event that a valid checkpoint covers. */
	readonly sealedSeq: number;
	/** Fingerprint of the key that signs; null where not even the genesis can be read. */
	readonly fingerprint: string | null;
	/** Whether that key was known from outside the log. */
	readonly trusted: boolean;
	readonly firstProblem: ChainProblem | null;
	/** First event that is there, and its moment (Unix ms); null where there is none. */
	readonly first: { readonly seq: number; readonly at: number } | null;
	/** When what was before it was removed, as a sealed record says; null where nothing was. */
	readonly prunedAt: number | null;
}

const BLOCKS_AT_ONCE = 64;
/** Time between two turns of the event loop: a running server verifies itself without its callers' noticing. */
const SLICE_MS = 2;
const CHECKPOINTS_AT_ONCE = 256;
/** SQLite's smallest integer: what was forged may stand before the genesis. */
const BEFORE_ALL = -(2n ** 63n);

/** Throws a HintedError where there is no log to read. */
export async function verifyChain(options: VerifyChainOptions): Promise<ChainReport> {
	options.signal?.throwIfAborted();
	const files = new StateFiles(options.directory);
	if (!existsSync(files.events))
		throw new HintedError(`there is no event log in ${options.directory}`, "name the state directory with --state");
	const publicKey = options.publicKey ?? publicKeyBeside(files.signingKey);
	const database = openForReading(files.events);
	try {
		let report: ChainReport;
		let begins: number;
		// What is being pruned meanwhile looks like a gap from one page to the next. It goes at most once a day, so trying again finds it still.
		do {
			begins = beginningOf(database);
			report = await verify(database, publicKey, options);
		} while (!report.ok && beginningOf(database) !== begins);
		return report;
	} finally {
		database.close();
	}
}

/** The first event's number; -1 where the file does not say. */
function beginningOf(database: DatabaseSync): number {
	try {
		const row = database.prepare("SELECT min(first_seq) AS first FROM blocks WHERE first_seq > 0").get() ?? {};
		return row["first"] === null ? 0 : integerIn(row, "first");
	} catch {
		// Damage: the verification says what.
		return -1;
	}
}

async function verify(database: DatabaseSync, publicKey: KeyObject | null, options: VerifyChainOptions): Promise<ChainReport> {
	let verifier: ChainVerifier | null = null;
	let firstProblem: ChainProblem | null;
	try {
		const end = endOf(database);
		verifier = new ChainVerifier(publicKey, checkpointsUpTo(database, end.checkpoint));
		firstProblem = await walk(database, verifier, { ...options, ...end });
	} catch (cause) {
		options.signal?.throwIfAborted();
		// Damage that SQLite or a column's type gives away: as good a finding as a wrong hash.
		firstProblem = { seq: verifier?.nextSeq ?? 0, what: `the file is damaged: ${cause instanceof Error ? cause.message : String(cause)}` };
	}
	const genesis = verifier?.genesis ?? null;
	return {
		ok: firstProblem === null,
		blocks: verifier?.blocks ?? 0,
		events: verifier?.events ?? 0,
		checkpoints: verifier?.checkpoints ?? 0,
		sealedSeq: verifier?.sealedSeq ?? 0,
		fingerprint: genesis === null ? null : fingerprintOf(genesis.publicKey),
		trusted: publicKey !== null,
		firstProblem,
		first: verifier?.first ?? null,
		prunedAt: verifier?.prunedAt ?? null,
	};
}

interface End {
	/** Last first_seq and last checkpoint number at the start of the verification. */
	readonly block: number;
	readonly checkpoint: number;
	readonly eventsInAll: number;
}

function endOf(database: DatabaseSync): End {
	// One statement, hence one moment: a block that a checkpoint covers is never younger than the checkpoint.
	const row =
		database
			.prepare(
				"SELECT (SELECT coalesce(max(first_seq), -1) FROM blocks) AS block, (SELECT coalesce(max(number), 0) FROM checkpoints) AS checkpoint",
			)
			.get() ?? {};
	const block = integerIn(row, "block");
	const last = database.prepare("SELECT last_seq FROM blocks WHERE first_seq = ?").get(block);
	return { block, checkpoint: integerIn(row, "checkpoint"), eventsInAll: last === undefined ? 0 : integerIn(last, "last_seq") };
}

async function walk(database: DatabaseSync, verifier: ChainVerifier, options: VerifyChainOptions & End): Promise<ChainProblem | null> {
	const { witness, signal, onProgress, eventsInAll } = options;
	const page = database.prepare("SELECT * FROM blocks WHERE first_seq > ? AND first_seq <= ? ORDER BY first_seq LIMIT ?");
	let sliceStart = performance.now();
	let witnessed = witness === undefined;
	let after: number | bigint = BEFORE_ALL;
	for (
		let rows: Row[] = page.all(after, options.block, BLOCKS_AT_ONCE);
		rows.length > 0;
		rows = page.all(after, options.block, BLOCKS_AT_ONCE)
	) {
		for (const row of rows) {
			const block = blockOf(row);
			const problem = verifier.block(block);
			if (problem !== null) return problem;
			if (witness !== undefined && witness.seq <= block.lastSeq && !witnessed) {
				const [seq, hash] = witness.seq < block.firstSeq ? [block.firstSeq - 1, block.previousHash] : [block.lastSeq, block.hash];
				if (witness.seq < seq && witness.seq < block.firstSeq)
					return { seq: 1, what: `event ${witness.seq}, which the witnessed checkpoint covers, was pruned: use a later checkpoint` };
				witnessed = witness.seq === seq && hash.toString("hex") === witness.hash;
				if (!witnessed)
					return {
						seq: block.firstSeq,
						what: `the history up to event ${witness.seq} is not the one that the witnessed checkpoint covers`,
					};
			}
			after = block.firstSeq;
			if (performance.now() - sliceStart < SLICE_MS) continue;
			onProgress?.({ events: verifier.events, eventsInAll });
			await new Promise<void>((resolve) => setImmediate(resolve));
			signal?.throwIfAborted();
			sliceStart = performance.now();
		}
	}
	onProgress?.({ events: verifier.events, eventsInAll });
	const problem = verifier.end();
	if (problem !== null || witness === undefined || witnessed) return problem;
	return { seq: verifier.nextSeq, what: `the log ends before event ${witness.seq}, which the witnessed checkpoint covers` };
}

/** A page at a time, in order of their numbers. */
function checkpointsUpTo(database: DatabaseSync, last: number): () => Checkpoint | null {
	const statement = database.prepare("SELECT * FROM checkpoints WHERE number > ? AND number <= ? ORDER BY number LIMIT ?");
	let page: Row[] = [];
	let after: number | bigint = BEFORE_ALL;
	return () => {
		if (page.length === 0) page = statement.all(after, last, CHECKPOINTS_AT_ONCE).toReversed();
		const row = page.pop();
		if (row === undefined) return null;
		const checkpoint = checkpointOf(row);
		after = checkpoint.number;
		return checkpoint;
	};
}

function openForReading(file: string): DatabaseSync {
	const database = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
	try {
		// A server may be in the middle of anything; nothing here may depend on what definitions the file holds.
		database.exec("PRAGMA trusted_schema = OFF; PRAGMA query_only = ON");
		return database;
	} catch (cause) {
		database.close();
		throw cause;
	}
}

function publicKeyBeside(path: string): KeyObject | null {
	try {
		return createPublicKey(readFileSync(path));
	} catch {
		// A copy of the log may well come without the key, and whoever verifies need not be allowed to read it; the report says `trusted: false`.
		return null;
	}
}
