/**
 * Verifies a chain as a fold: first the checkpoints' turn, then block after block, then the end. Knows no database, so that tests can try ten
 * thousand forgeries in memory.
 *
 *  - Nothing in a block is looked at before its hash is right, except what is hashed.
 *  - Every column is verified or derived again: a block whose times were changed would hide its events from a query just as well as one that was deleted.
 *  - The first problem ends it: what hangs on a broken link proves nothing.
 */
import type { KeyObject } from "node:crypto";

import { unpackBody } from "./block-body.ts";
import { type Block, blockHash, type Checkpoint, type Genesis, isCheckpointSigned, NO_HASH, parseGenesis } from "./chain.ts";
import { TimeSpan } from "./time-span.ts";

/** Where the chain is not what was written, and how. */
export interface ChainProblem {
	/** First event that is not proved. */
	readonly seq: number;
	readonly what: string;
}

export class ChainVerifier {
	/** The key that the reader trusts; null trusts the one in the genesis. */
	readonly #trusted: KeyObject | null;
	readonly #nextCheckpoint: () => Checkpoint | null;
	#genesis: Genesis | null = null;
	#head: Buffer = NO_HASH;
	#nextSeq = 0;
	#pending: Checkpoint | null = null;
	#signed = 0;
	#sealedSeq = 0;
	#blocks = 0;

	/** `nextCheckpoint` yields the checkpoints in order of their numbers, then null. */
	constructor(trusted: KeyObject | null, nextCheckpoint: () => Checkpoint | null) {
		this.#trusted = trusted;
		this.#nextCheckpoint = nextCheckpoint;
	}

	get blocks(): number {
		return this.#blocks;
	}

	get events(): number {
		return Math.max(0, this.#nextSeq - 1);
	}

	get checkpoints(): number {
		return this.#signed;
	}

	/** First event that is not verified yet. */
	get nextSeq(): number {
		return this.#nextSeq;
	}

	/** Last event that a valid checkpoint covers. */
	get sealedSeq(): number {
		return this.#sealedSeq;
	}

	get genesis(): Genesis | null {
		return this.#genesis;
	}

	/** The next block in order of first_seq. Null where it continues the chain. */
	block(block: Block): ChainProblem | null {
		const problem = this.#genesis === null ? this.#takeGenesis(block) : this.#takeEvents(block);
		if (problem !== null) return problem;
		this.#head = block.hash;
		this.#nextSeq = block.lastSeq + 1;
		this.#blocks += 1;
		return this.#takeCheckpoints(block);
	}

	/** After the last block. */
	end(): ChainProblem | null {
		if (this.#genesis === null) return { seq: 0, what: "the log has no genesis block" };
		if (this.#signed === 0) return { seq: 0, what: "the log has no checkpoint" };
		if (this.#pending === null) return null;
		return {
			seq: this.#nextSeq,
			what: `the log ends before event ${this.#pending.seq}, which checkpoint ${this.#pending.number} covers: the rest was cut off`,
		};
	}

	#takeGenesis(block: Block): ChainProblem | null {
		const genesis = parseGenesis(block.body);
		if (block.firstSeq !== 0 || block.lastSeq !== 0 || genesis === null)
			return { seq: 0, what: "the log does not begin with a genesis block" };
		if (this.#trusted !== null && !this.#trusted.equals(genesis.publicKey))
			return { seq: 0, what: "the genesis names another signing key" };
		if (!this.#isLinked(block)) return { seq: 0, what: "the genesis block was altered" };
		// Its times are written as 0: the first event has its own.
		if (block.firstAt !== 0 || block.lastAt !== 0) return { seq: 0, what: "the times of the genesis block were altered" };
		this.#genesis = genesis;
		this.#pending = this.#nextCheckpoint();
		return null;
	}

	#takeEvents(block: Block): ChainProblem | null {
		const seq = this.#nextSeq;
		if (block.firstSeq !== seq) return { seq, what: `event ${seq} should come next, but the next block begins with ${block.firstSeq}` };
		if (!this.#isLinked(block))
			return {
				seq,
				what: `the block of events ${seq} to ${block.lastSeq} does not continue the chain: it, or what is before it, was altered`,
			};
		return this.#checkBody(block);
	}

	#isLinked(block: Block): boolean {
		return block.previousHash.equals(this.#head) && blockHash(this.#head, block.firstSeq, block.body).equals(block.hash);
	}

	#checkBody(block: Block): ChainProblem | null {
		const seq = block.firstSeq;
		const lines = linesOf(block);
		if (lines === null || lines.length !== block.lastSeq - seq + 1)
			return { seq, what: `the block of event ${seq} does not hold the events up to ${block.lastSeq}` };
		const span = new TimeSpan();
		for (const [index, line] of lines.entries()) {
			const at = timeOf(line);
			if (at === null) return { seq: seq + index, what: `event ${seq + index} is not a record of an event` };
			span.add(at);
		}
		if (span.first !== block.firstAt || span.last !== block.lastAt)
			return { seq, what: `the times of the block of event ${seq} were altered` };
		return null;
	}

	#takeCheckpoints(block: Block): ChainProblem | null {
		for (let next = this.#pending; next !== null && next.seq <= block.lastSeq; next = this.#pending) {
			const problem = this.#checkCheckpoint(next, block);
			if (problem !== null) return problem;
			this.#signed = next.number;
			this.#sealedSeq = next.seq;
			this.#pending = this.#nextCheckpoint();
		}
		return null;
	}

	#checkCheckpoint(checkpoint: Checkpoint, block: Block): ChainProblem | null {
		const { number } = checkpoint;
		// The blocks since the last checkpoint hang together, but nobody signed them.
		const seq = this.#signed === 0 ? 0 : this.#sealedSeq + 1;
		if (number !== this.#signed + 1) return { seq, what: `checkpoint ${this.#signed + 1} is missing` };
		if (number === 1 && block.lastSeq !== 0) return { seq, what: "no checkpoint covers the genesis block" };
		if (checkpoint.seq !== block.lastSeq || !checkpoint.hash.equals(block.hash))
			return { seq, what: `checkpoint ${number} signs another history` };
		const { genesis } = this;
		if (genesis === null || !isCheckpointSigned(genesis.chain, checkpoint, genesis.publicKey))
			return { seq, what: `the signature of checkpoint ${number} is not valid` };
		return null;
	}
}

function linesOf(block: Block): string[] | null {
	try {
		return unpackBody(block.body);
	} catch {
		// Its hash is right, so this is how it was written; the caller says which block.
		return null;
	}
}

/** Null for what is not a JSON object; NaN for an event without a usable time, which TimeSpan leaves out. */
function timeOf(line: string): number | null {
	try {
		const event: unknown = JSON.parse(line);
		if (typeof event !== "object" || event === null || Array.isArray(event)) return null;
		return "at" in event && typeof event.at === "number" ? event.at : Number.NaN;
	} catch {
		// Not JSON: the caller says which event.
		return null;
	}
}
