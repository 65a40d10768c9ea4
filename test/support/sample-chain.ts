/** A small event log in memory, as it would stand in the file, and the forger's tools. */
import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";

import { packBody } from "../../src/stores/sqlite/block-body.ts";
import { type Block, blockHash, type Checkpoint, genesisBody, NO_HASH, signCheckpoint } from "../../src/stores/sqlite/chain.ts";
import { type ChainProblem, ChainVerifier } from "../../src/stores/sqlite/chain-verifier.ts";

export interface Chain {
	readonly blocks: readonly Block[];
	readonly checkpoints: readonly Checkpoint[];
}

export const CHAIN_ID = "5f0c6d5e-0000-4000-8000-000000000000";

export function newSigningKey(): KeyObject {
	return generateKeyPairSync("ed25519").privateKey;
}

/** Each list of texts is a block; a checkpoint follows the genesis, every third block, and the last. */
export function buildChain(privateKey: KeyObject, blocks: readonly (readonly { readonly at: number; readonly text: string }[])[]): Chain {
	const built: Block[] = [];
	const checkpoints: Checkpoint[] = [];
	const seal = (block: Block, at: number) => {
		checkpoints.push(signCheckpoint(CHAIN_ID, { number: checkpoints.length + 1, seq: block.lastSeq, at, hash: block.hash }, privateKey));
	};
	const add = (block: Omit<Block, "previousHash" | "hash">) => {
		const previousHash = built.at(-1)?.hash ?? NO_HASH;
		const added = { ...block, previousHash, hash: blockHash(previousHash, block.firstSeq, block.body) };
		built.push(added);
		return added;
	};
	seal(add({ firstSeq: 0, lastSeq: 0, firstAt: 0, lastAt: 0, body: genesisBody(CHAIN_ID, createPublicKey(privateKey)) }), 0);
	for (const [index, events] of blocks.entries()) {
		const firstSeq = (built.at(-1)?.lastSeq ?? 0) + 1;
		const times = events.map(({ at }) => at);
		const body = packBody(events.map((event) => `${JSON.stringify(event)}\n`).join(""));
		const added = add({ firstSeq, lastSeq: firstSeq + events.length - 1, firstAt: Math.min(...times), lastAt: Math.max(...times), body });
		if (index % 3 === 2 || index === blocks.length - 1) seal(added, Math.max(...times));
	}
	return { blocks: built, checkpoints };
}

/** Makes every hash right again, from the genesis on: what whoever can write the file, but has no signing key, can do. */
export function rehash(blocks: readonly Block[]): Block[] {
	const rehashed: Block[] = [];
	for (const block of blocks) {
		const previousHash = rehashed.at(-1)?.hash ?? NO_HASH;
		rehashed.push({ ...block, previousHash, hash: blockHash(previousHash, block.firstSeq, block.body) });
	}
	return rehashed;
}

/** Reads a chain as verify-chain.ts reads a file: blocks by first seq, checkpoints by number, keys unique. */
export function verifySample({ blocks, checkpoints }: Chain, trusted: KeyObject | null): ChainProblem | null {
	const inOrder = blocks.toSorted((one, other) => one.firstSeq - other.firstSeq);
	const left = checkpoints.toSorted((one, other) => one.number - other.number);
	const verifier = new ChainVerifier(trusted, () => left.shift() ?? null);
	for (const block of inOrder) {
		const problem = verifier.block(block);
		if (problem !== null) return problem;
	}
	return verifier.end();
}
