/**
 * Verifies a chain as a fold: first the checkpoints' turn, then block after block, then the end. Knows no database, so that tests can try ten
 * thousand forgeries in memory.
 *
 *  - Nothing in a block is looked at before its hash is right, except what is hashed.
 *  - Every column is verified or derived again: a block whose times were changed would hide its events from a query just as well as one that was deleted.
 *  - A beginning that is missing is pruned only where a record of it in the rest says so (`events-pruned`) and a checkpoint covers that record: who can
 *    delete blocks, but not sign, cannot make one up. From the first block that is left on, everything is proved as ever.
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

/** The record of a pruning: the last event and the checkpoint up to which it allows removing. */
interface Pruning {
	readonly seq: number;
	readonly at: number;
	readonly throughSeq: number;
	readonly checkpoint: number;
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
	/** First event that is there, and its moment. */
	#firstSeq = 1;
	#firstAt: number | null = null;
	/** What begins after the gap, where there is one. */
	#gap: { readonly firstSeq: number; readonly checkpoint: number } | null = null;
	/** The last one that a checkpoint covers. */
	#pruning: Pruning | null = null;
	#unsealed: Pruning[] = [];

	/** `nextCheckpoint` yields the checkpoints in order of their numbers, then null. */
	constructor(trusted: KeyObject | null, nextCheckpoint: () => Checkpoint | null) {
		this.#trusted = trusted;
		this.#nextCheckpoint = nextCheckpoint;
	}

	get blocks(): number {
		return this.#blocks;
	}

	get events(): number {
		return Math.max(0, this.#nextSeq - this.#firstSeq);
	}

	/** First event that is there, and its moment (Unix ms); null where there is none. */
	get first(): { readonly seq: number; readonly at: number } | null {
		return this.#firstAt === null ? null : { seq: this.#firstSeq, at: this.#firstAt };
	}

	/** Whether the beginning was pruned, and when (Unix ms) the last record says so. */
	get prunedAt(): number | null {
		return this.#gap === null ? null : (this.#pruning?.at ?? null);
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
		if (this.#pending === null) return this.#checkGap();
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
		const gap = this.#blocks === 1 && block.firstSeq > 1 ? this.#openGap(block) : null;
		if (gap !== null) return gap;
		const seq = this.#nextSeq;
		if (block.firstSeq !== seq) return { seq, what: `event ${seq} should come next, but the next block begins with ${block.firstSeq}` };
		if (!this.#isLinked(block))
			return {
				seq,
				what: `the block of events ${seq} to ${block.lastSeq} does not continue the chain: it, or what is before it, was altered`,
			};
		return this.#checkBody(block);
	}

	/** The first block after the genesis does not begin with event 1. What allows that has to come later; what it continues is taken from itself. */
	#openGap(block: Block): ChainProblem | null {
		const pending = this.#pending;
		if (this.#signed === 0) return { seq: 0, what: "no checkpoint covers the genesis block" };
		if (pending === null || pending.seq < block.firstSeq - 1)
			return { seq: 1, what: `events 1 to ${block.firstSeq - 1} are missing, and their checkpoints are not` };
		this.#gap = { firstSeq: block.firstSeq, checkpoint: pending.number };
		this.#firstSeq = block.firstSeq;
		this.#nextSeq = block.firstSeq;
		this.#head = block.previousHash;
		this.#signed = pending.number - 1;
		this.#sealedSeq = block.firstSeq - 1;
		if (pending.seq >= block.firstSeq) return null;
		// The checkpoint that ends what was removed is kept: it signs what the first block continues.
		const problem = this.#checkCheckpoint(pending, { lastSeq: pending.seq, hash: block.previousHash });
		if (problem !== null) return problem;
		this.#signed = pending.number;
		this.#pending = this.#nextCheckpoint();
		return null;
	}

	#checkGap(): ChainProblem | null {
		const gap = this.#gap;
		if (gap === null) return null;
		const pruning = this.#pruning;
		if (pruning !== null && pruning.throughSeq >= gap.firstSeq - 1 && pruning.checkpoint >= gap.checkpoint) return null;
		return { seq: 1, what: `events 1 to ${gap.firstSeq - 1} are missing, and no sealed record says that they were pruned` };
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
			if (at !== null && line.startsWith(PRUNED)) this.#notePruning(line, seq + index);
			if (at === null) return { seq: seq + index, what: `event ${seq + index} is not a record of an event` };
			span.add(at);
		}
		if (span.first !== block.firstAt || span.last !== block.lastAt)
			return { seq, what: `the times of the block of event ${seq} were altered` };
		this.#firstAt ??= span.first;
		return null;
	}

	/** Prunings go ever further: the last one that is sealed allows most. One that is not sealed yet has removed nothing yet. */
	#notePruning(line: string, seq: number): void {
		const pruning = pruningIn(line, seq);
		if (pruning === null) return;
		this.#unsealed.push(pruning);
	}

	#takeCheckpoints(block: Block): ChainProblem | null {
		for (let next = this.#pending; next !== null && next.seq <= block.lastSeq; next = this.#pending) {
			const problem = this.#checkCheckpoint(next, block);
			if (problem !== null) return problem;
			this.#signed = next.number;
			this.#sealedSeq = next.seq;
			this.#sealPrunings();
			this.#pending = this.#nextCheckpoint();
		}
		return null;
	}

	#sealPrunings(): void {
		while (this.#unsealed[0] !== undefined && this.#unsealed[0].seq <= this.#sealedSeq) this.#pruning = this.#unsealed.shift() ?? null;
	}

	#checkCheckpoint(checkpoint: Checkpoint, block: Pick<Block, "lastSeq" | "hash">): ChainProblem | null {
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

/** How the writer begins such a line. */
const PRUNED = '{"type":"events-pruned",';

function pruningIn(line: string, seq: number): Pruning | null {
	const event: unknown = JSON.parse(line);
	if (typeof event !== "object" || event === null || !("throughSeq" in event && "checkpoint" in event && "at" in event)) return null;
	const { at, throughSeq, checkpoint } = event;
	return typeof at === "number" && typeof throughSeq === "number" && typeof checkpoint === "number"
		? { seq, at, throughSeq, checkpoint }
		: null;
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
