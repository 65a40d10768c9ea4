/**
 * The event log's file: appends blocks to the chain, signs checkpoints, and knows its own head.
 *
 *  - One commit is one block is one fsync; a checkpoint that is due travels in the same transaction.
 *  - The head in memory moves only after COMMIT returned. After any failure the object is spent: the caller closes it and opens another, which reads
 *    the head from the file. What reached the disk in a failed commit is unknown (an fsync that failed once may have dropped the pages), so nothing is assumed.
 *  - On opening, the tail is verified: the last checkpoint's signature, and every block from there to the end.
 */
import { createPrivateKey, createPublicKey, type KeyObject, randomUUID } from "node:crypto";
import type { DatabaseSync, StatementSync } from "node:sqlite";

import { HintedError } from "../../std/hinted-error.ts";
import { invariant } from "../../std/invariant.ts";

import { packBody } from "./block-body.ts";
import {
	type Block,
	blockHash,
	type Checkpoint,
	type ExportedCheckpoint,
	exportCheckpoint,
	genesisBody,
	isCheckpointSigned,
	NO_HASH,
	parseGenesis,
	signCheckpoint,
} from "./chain.ts";
import {
	blockOf,
	blockParameters,
	checkpointOf,
	checkpointParameters,
	EVENT_MIGRATIONS,
	INSERT_BLOCK,
	INSERT_CHECKPOINT,
} from "./event-schema.ts";
import { openDatabase } from "./open-database.ts";
import { RowError } from "./row.ts";

export interface NewBlock {
	/** JSON lines, each ended by a line feed. */
	readonly body: string;
	readonly count: number;
	readonly firstAt: number;
	readonly lastAt: number;
	/** Whether this very block failed before, so that it may be in the file already. */
	readonly retried: boolean;
}

export interface Committed {
	readonly lastSeq: number;
	/** Where one was due. */
	readonly checkpoint: ExportedCheckpoint | null;
}

interface Head {
	readonly block: Block;
	readonly checkpoint: Checkpoint;
}

export class EventDatabase {
	readonly chain: string;
	readonly #database: DatabaseSync;
	readonly #privateKey: KeyObject;
	readonly #insertBlock: StatementSync;
	readonly #insertCheckpoint: StatementSync;
	#head: Head;

	/** Throws a HintedError where the file is damaged or altered, SQLite's own error where it cannot be written. */
	constructor({ file, signingKey, now }: { readonly file: string; readonly signingKey: string | Buffer; readonly now: number }) {
		this.#privateKey = createPrivateKey(signingKey);
		this.#database = openDatabase(file, EVENT_MIGRATIONS, now);
		try {
			// What is pruned is to be gone. From the beginning: a page that grew before leaves a copy of itself where nothing is overwritten later.
			this.#database.exec("PRAGMA secure_delete = ON");
			this.#insertBlock = this.#database.prepare(INSERT_BLOCK);
			this.#insertCheckpoint = this.#database.prepare(INSERT_CHECKPOINT);
			this.#ensureGenesis(now);
			this.chain = this.#verifyGenesis(file);
			this.#head = this.#verifyTail(file);
		} catch (cause) {
			this.#database.close();
			throw cause instanceof RowError ? altered(file, cause.message) : cause;
		}
	}

	get database(): DatabaseSync {
		return this.#database;
	}

	/** Durable on return. `sealAt` (Unix ms) asks for a checkpoint over the outcome; a null block asks for that alone. */
	commit(block: NewBlock | null, sealAt: number | null): Committed {
		const added = block === null || (block.retried && this.#isHead(block)) ? null : this.#blockAfterHead(block);
		const last = added ?? this.#head.block;
		const checkpoint = sealAt === null || last.lastSeq === this.#head.checkpoint.seq ? null : this.#checkpointOver(last, sealAt);
		if (added !== null && checkpoint === null) {
			// A transaction of its own: two statements fewer on the most frequent way.
			this.#insertBlock.run(...blockParameters(added));
		} else if (checkpoint !== null) {
			this.#database.exec("BEGIN IMMEDIATE");
			if (added !== null) this.#insertBlock.run(...blockParameters(added));
			this.#insertCheckpoint.run(...checkpointParameters(checkpoint));
			this.#database.exec("COMMIT");
		}
		this.#head = { block: last, checkpoint: checkpoint ?? this.#head.checkpoint };
		return { lastSeq: last.lastSeq, checkpoint: checkpoint === null ? null : exportCheckpoint(this.chain, checkpoint) };
	}

	/** Discards what is not committed. */
	close(): void {
		this.#database.close();
	}

	#blockAfterHead(block: NewBlock): Block {
		const { hash: previousHash, lastSeq } = this.#head.block;
		const body = packBody(block.body);
		const firstSeq = lastSeq + 1;
		const hash = blockHash(previousHash, firstSeq, body);
		return { firstSeq, lastSeq: lastSeq + block.count, firstAt: block.firstAt, lastAt: block.lastAt, previousHash, hash, body };
	}

	/** A commit that was reported as failed may have reached the disk all the same; writing it again would record every event in it twice. */
	#isHead(block: NewBlock): boolean {
		const { firstSeq, previousHash, hash } = this.#head.block;
		return blockHash(previousHash, firstSeq, packBody(block.body)).equals(hash);
	}

	#checkpointOver(last: Block, at: number): Checkpoint {
		const number = this.#head.checkpoint.number + 1;
		return signCheckpoint(this.chain, { number, seq: last.lastSeq, at: Math.trunc(at), hash: last.hash }, this.#privateKey);
	}

	#ensureGenesis(now: number): void {
		const counted = this.#database.prepare("SELECT (SELECT count(*) FROM blocks) + (SELECT count(*) FROM checkpoints) AS rows").get();
		if (counted?.["rows"] !== 0) return;
		const chain = randomUUID();
		const body = genesisBody(chain, createPublicKey(this.#privateKey));
		const hash = blockHash(NO_HASH, 0, body);
		const genesis: Block = { firstSeq: 0, lastSeq: 0, firstAt: 0, lastAt: 0, previousHash: NO_HASH, hash, body };
		const checkpoint = signCheckpoint(chain, { number: 1, seq: 0, at: Math.trunc(now), hash }, this.#privateKey);
		this.#database.exec("BEGIN IMMEDIATE");
		this.#insertBlock.run(...blockParameters(genesis));
		this.#insertCheckpoint.run(...checkpointParameters(checkpoint));
		this.#database.exec("COMMIT");
	}

	#verifyGenesis(file: string): string {
		const row = this.#database.prepare("SELECT * FROM blocks WHERE first_seq = 0").get();
		const block = row === undefined ? null : blockOf(row);
		const genesis = block === null ? null : parseGenesis(block.body);
		if (block === null || genesis === null || !blockHash(NO_HASH, 0, block.body).equals(block.hash))
			throw altered(file, "it has no valid genesis block");
		if (!createPublicKey(this.#privateKey).equals(genesis.publicKey)) {
			throw new HintedError(
				`${file} was begun with another signing key`,
				"put back the signing-key.pem that belongs to it, or move the log away to begin a new one",
			);
		}
		return genesis.chain;
	}

	#verifyTail(file: string): Head {
		const row = this.#database.prepare("SELECT * FROM checkpoints ORDER BY number DESC LIMIT 1").get();
		if (row === undefined) throw altered(file, "it has no checkpoint");
		const checkpoint = checkpointOf(row);
		if (!isCheckpointSigned(this.chain, checkpoint, createPublicKey(this.#privateKey)))
			throw altered(file, "the signature of its last checkpoint is not valid");

		let block: Block | null = null;
		// From the block that the checkpoint signs to the end: at most the events of about a second.
		const tail = this.#database.prepare(
			"SELECT * FROM blocks WHERE first_seq >= (SELECT max(first_seq) FROM blocks WHERE first_seq <= ?) ORDER BY first_seq",
		);
		for (const found of tail.iterate(checkpoint.seq)) {
			const next = blockOf(found);
			const isFirst = block === null;
			if (block !== null && (next.firstSeq !== block.lastSeq + 1 || !next.previousHash.equals(block.hash)))
				throw altered(file, `event ${block.lastSeq + 1} is missing`);
			if (!blockHash(next.previousHash, next.firstSeq, next.body).equals(next.hash))
				throw altered(file, `the block of event ${next.firstSeq} was changed`);
			if (isFirst && (next.lastSeq !== checkpoint.seq || !next.hash.equals(checkpoint.hash)))
				throw altered(file, "it does not match its last checkpoint");
			block = next;
		}
		invariant(block !== null, "the genesis block precedes every checkpoint");
		return { block, checkpoint };
	}
}

function altered(file: string, what: string): HintedError {
	return new HintedError(
		`${file} is not the log that was written: ${what}`,
		"keep a copy as evidence and see 'rempart events verify'; to go on, move the file away",
	);
}
