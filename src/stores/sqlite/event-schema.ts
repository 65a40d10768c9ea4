import type { SQLInputValue } from "node:sqlite";

import type { Block, Checkpoint } from "./chain.ts";
import type { Migration } from "./migrations.ts";
import { bytesIn, integerIn, type Row } from "./row.ts";

/** `body` stands last, so that a query over times need not read the pages that bodies overflow into. */
export const EVENT_MIGRATIONS: readonly Migration[] = [
	{
		version: 1,
		name: "blocks and checkpoints",
		sql: `
			CREATE TABLE blocks (
				first_seq INTEGER PRIMARY KEY,
				last_seq INTEGER NOT NULL,
				first_at INTEGER NOT NULL,
				last_at INTEGER NOT NULL,
				previous_hash BLOB NOT NULL,
				hash BLOB NOT NULL,
				body BLOB NOT NULL
			) STRICT;
			CREATE TABLE checkpoints (
				number INTEGER PRIMARY KEY,
				seq INTEGER NOT NULL,
				at INTEGER NOT NULL,
				hash BLOB NOT NULL,
				signature BLOB NOT NULL
			) STRICT;
		`,
	},
];

export const INSERT_BLOCK =
	"INSERT INTO blocks (first_seq, last_seq, first_at, last_at, previous_hash, hash, body) VALUES (?, ?, ?, ?, ?, ?, ?)";
export const INSERT_CHECKPOINT = "INSERT INTO checkpoints (number, seq, at, hash, signature) VALUES (?, ?, ?, ?, ?)";

export function blockParameters(block: Block): SQLInputValue[] {
	return [block.firstSeq, block.lastSeq, block.firstAt, block.lastAt, block.previousHash, block.hash, block.body];
}

export function checkpointParameters(checkpoint: Checkpoint): SQLInputValue[] {
	return [checkpoint.number, checkpoint.seq, checkpoint.at, checkpoint.hash, checkpoint.signature];
}

/** Throws a RowError. */
export function blockOf(row: Row): Block {
	return {
		firstSeq: integerIn(row, "first_seq"),
		lastSeq: integerIn(row, "last_seq"),
		firstAt: integerIn(row, "first_at"),
		lastAt: integerIn(row, "last_at"),
		previousHash: bytesIn(row, "previous_hash"),
		hash: bytesIn(row, "hash"),
		body: bytesIn(row, "body"),
	};
}

/** Throws a RowError. */
export function checkpointOf(row: Row): Checkpoint {
	return {
		number: integerIn(row, "number"),
		seq: integerIn(row, "seq"),
		at: integerIn(row, "at"),
		hash: bytesIn(row, "hash"),
		signature: bytesIn(row, "signature"),
	};
}
