import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { test } from "node:test";

import fc from "fast-check";

import { buildChain, CHAIN_ID, type Chain, newSigningKey, rehash, verifySample } from "../../../test/support/sample-chain.ts";
import { packBody } from "./block-body.ts";
import { type Block, type Checkpoint, signCheckpoint } from "./chain.ts";

const SIGNING_KEY = newSigningKey();
const TRUSTED = createPublicKey(SIGNING_KEY);
/** Eight blocks of one to four events, one of them large enough to be stored compressed. */
const CHAIN = buildChain(
	SIGNING_KEY,
	Array.from({ length: 8 }, (_, block) =>
		Array.from({ length: 1 + (block % 4) }, (_event, event) => ({
			at: 1_000 * block + event,
			text: `event ${event} ${"x".repeat(block === 3 ? 2_000 : 10)}`,
		})),
	),
);
const LAST = CHAIN.blocks.length - 1;

type Forgery = (chain: Chain, dice: { readonly one: number; readonly other: number; readonly third: number }) => Chain;

/** Every way to alter the log that the verification promises to find, without the signing key. Block 0 is the genesis. */
const FORGERIES: Readonly<Record<string, Forgery>> = {
	"a bit of a block flipped": (chain, { one, other, third }) =>
		withBlock(chain, one, (block) => flipped(block, pick(["body", "hash", "previousHash"] as const, third), other)),
	"a number of a block changed": (chain, { one, other, third }) =>
		withBlock(chain, one, (block) => {
			const column = pick(["firstSeq", "lastSeq", "firstAt", "lastAt"] as const, third);
			return { ...block, [column]: block[column] + 1 + (other % 5) };
		}),
	"a bit of a checkpoint flipped": (chain, { one, other, third }) =>
		withCheckpoint(chain, one, (checkpoint) => flipped(checkpoint, pick(["hash", "signature"] as const, third), other)),
	"a number of a checkpoint changed": (chain, { one, other, third }) =>
		withCheckpoint(chain, one, (checkpoint) => {
			const column = pick(["number", "seq", "at"] as const, third);
			return { ...checkpoint, [column]: checkpoint[column] + 1 + (other % 5) };
		}),
	"a block dropped": (chain, { one }) => ({ ...chain, blocks: chain.blocks.toSpliced(one % chain.blocks.length, 1) }),
	"a block dropped, the rest renumbered and hashed again": (chain, { one }) => ({
		...chain,
		blocks: renumbered(chain.blocks.toSpliced(1 + (one % LAST), 1)),
	}),
	// The last one may be missing after a crash as well; what it covered is then beyond the last checkpoint.
	"a checkpoint dropped": (chain, { one }) => ({
		...chain,
		checkpoints: chain.checkpoints.toSpliced(one % (chain.checkpoints.length - 1), 1),
	}),
	"the end cut off": (chain, { one }) => ({ ...chain, blocks: chain.blocks.slice(0, one % chain.blocks.length) }),
	"two blocks swapped": (chain, { one, other }) => swapped(chain, one, other, ["body", "hash", "previousHash", "firstAt", "lastAt"]),
	"two bodies swapped": (chain, { one, other }) => swapped(chain, one, other, ["body"]),
	// Not the last one: an addition at the end is beyond the last checkpoint.
	"a block written twice": (chain, { one }) => {
		const again = chain.blocks[1 + (one % (LAST - 1))];
		return again === undefined ? chain : { ...chain, blocks: renumbered(chain.blocks.toSpliced(1 + (one % (LAST - 1)), 0, again)) };
	},
	"an event inserted, the rest hashed again": (chain, { one, other }) => {
		const inserted = packBody(`${JSON.stringify({ at: other, text: "inserted" })}\n`);
		const block = chain.blocks[1 + (one % LAST)];
		return block === undefined
			? chain
			: {
					...chain,
					blocks: renumbered(chain.blocks.toSpliced(1 + (one % LAST), 0, { ...block, lastSeq: block.firstSeq, body: inserted })),
				};
	},
	"an event changed, the rest hashed again": (chain, { one, other }) => ({
		...chain,
		blocks: rehash(
			withBlock(chain, 1 + (one % LAST), (block) => ({
				...block,
				body: packBody(`${JSON.stringify({ at: block.firstAt, text: other })}\n`),
			})).blocks,
		),
	}),
	"everything written anew with another key": (chain, { one }) =>
		buildChain(
			newSigningKey(),
			chain.blocks.slice(1).map((_, index) => [{ at: index, text: `${one}` }]),
		),
	"a checkpoint signed with another key": (chain, { one }) =>
		withCheckpoint(chain, one, (checkpoint) => signCheckpoint(CHAIN_ID, checkpoint, newSigningKey())),
	"a checkpoint of another chain": (chain, { one }) =>
		withCheckpoint(chain, one, (checkpoint) => signCheckpoint("another chain", checkpoint, SIGNING_KEY)),
};

test("finds every forgery up to the last checkpoint", () => {
	const seen = new Set<string>();
	let tried = 0;
	const dice = fc.record({ one: fc.nat(), other: fc.nat(), third: fc.nat() });
	fc.assert(
		fc.property(fc.constantFrom(...Object.keys(FORGERIES)), dice, (name, thrown) => {
			const forged = FORGERIES[name]?.(CHAIN, thrown) ?? CHAIN;
			fc.pre(!isSame(forged, CHAIN));
			seen.add(name);
			tried += 1;
			assert.notEqual(verifySample(forged, TRUSTED), null, name);
		}),
		// Ten thousand where the machine is quick enough; a signature to check costs a tenth of a millisecond.
		{ numRuns: 10_000, interruptAfterTimeLimit: 3_500, markInterruptAsFailure: false },
	);
	assert.deepEqual([...seen].toSorted(), Object.keys(FORGERIES).toSorted());
	assert.ok(tried > 500, `only ${tried} forgeries were tried`);
});

test("says where the chain breaks first, and how", () => {
	const cases: readonly [string, Chain, number, RegExp][] = [
		["no blocks at all", { ...CHAIN, blocks: [] }, 0, /no genesis/],
		["no genesis", { ...CHAIN, blocks: CHAIN.blocks.slice(1) }, 0, /does not begin with a genesis/],
		["no checkpoints", { ...CHAIN, checkpoints: [] }, 0, /no checkpoint/],
		[
			"a missing block",
			{ ...CHAIN, blocks: CHAIN.blocks.toSpliced(2, 1) },
			2,
			/event 2 should come next, but the next block begins with 4/,
		],
		["a changed body", withBlock(CHAIN, 3, (block) => flipped(block, "body", 40)), 4, /events 4 to 6 does not continue the chain/],
		["changed times", withBlock(CHAIN, 3, (block) => ({ ...block, firstAt: 0 })), 4, /times of the block of event 4/],
		["a missing checkpoint", { ...CHAIN, checkpoints: CHAIN.checkpoints.toSpliced(1, 1) }, 1, /checkpoint 2 is missing/],
		["a cut", { ...CHAIN, blocks: CHAIN.blocks.slice(0, 8) }, 17, /ends before event 20, which checkpoint 4 covers/],
		["a forged signature", withCheckpoint(CHAIN, 2, (one) => flipped(one, "signature", 9)), 7, /signature of checkpoint 3/],
	];
	for (const [name, chain, seq, what] of cases) {
		const problem = verifySample(chain, TRUSTED);
		assert.match(problem?.what ?? "", what, name);
		assert.equal(problem?.seq, seq, name);
	}
});

test("refuses a log that was begun with another key than the trusted one", () => {
	assert.match(verifySample(CHAIN, createPublicKey(newSigningKey()))?.what ?? "", /another signing key/);
});

test("finds events in a block that are none, even when hashes and signatures are right", () => {
	const bodies = ["not json\n", "[1]\n", '"text"\n', '{"at":1}', '{"at":1}\n\n', "", "\u0028\ufffd\n"];
	for (const body of bodies) {
		const [genesis, second] = CHAIN.blocks;
		assert.ok(genesis && second);
		const blocks = rehash([genesis, { ...second, body: Buffer.from(body) }]);
		const head = blocks[1];
		assert.ok(head);
		const checkpoint = signCheckpoint(CHAIN_ID, { number: 2, seq: 1, at: 1, hash: head.hash }, SIGNING_KEY);
		assert.notEqual(
			verifySample({ blocks, checkpoints: [...CHAIN.checkpoints.slice(0, 1), checkpoint] }, TRUSTED),
			null,
			JSON.stringify(body),
		);
	}
});

test("finds nothing wrong with what was written", () => {
	assert.equal(verifySample(CHAIN, TRUSTED), null);
	assert.equal(verifySample(CHAIN, null), null);
	assert.equal(verifySample(buildChain(SIGNING_KEY, []), TRUSTED), null);
});

test("accepts an unsigned tail after the last checkpoint, as a crash leaves it", () => {
	assert.equal(verifySample({ ...CHAIN, checkpoints: CHAIN.checkpoints.slice(0, -1) }, TRUSTED), null);
});

function pick<T>(choices: readonly [T, ...T[]], index: number): T {
	return choices[index % choices.length] ?? choices[0];
}

function withBlock(chain: Chain, index: number, change: (block: Block) => Block): Chain {
	const at = index % chain.blocks.length;
	return { ...chain, blocks: chain.blocks.map((block, place) => (place === at ? change(block) : block)) };
}

function withCheckpoint(chain: Chain, index: number, change: (checkpoint: Checkpoint) => Checkpoint): Chain {
	const at = index % chain.checkpoints.length;
	return { ...chain, checkpoints: chain.checkpoints.map((checkpoint, place) => (place === at ? change(checkpoint) : checkpoint)) };
}

function flipped<K extends string, T extends { readonly [P in K]: Buffer }>(row: T, column: K, bit: number): T {
	const bytes = Buffer.from(row[column]);
	const at = (bit >>> 3) % bytes.length;
	bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (bit & 7)), at);
	return { ...row, [column]: bytes };
}

function swapped(chain: Chain, one: number, other: number, columns: readonly (keyof Block)[]): Chain {
	const [left, right] = [1 + (one % LAST), 1 + (other % LAST)];
	const take = (from: Block | undefined) => Object.fromEntries(columns.map((column) => [column, from?.[column]]));
	const [fromLeft, fromRight] = [take(chain.blocks[left]), take(chain.blocks[right])];
	return {
		...chain,
		blocks: chain.blocks.map((block, place) =>
			place === left ? { ...block, ...fromRight } : place === right ? { ...block, ...fromLeft } : block,
		),
	};
}

/** Closes the gaps in the numbers and hashes everything again. */
function renumbered(blocks: readonly Block[]): Block[] {
	let next = 0;
	const moved = blocks.map((block) => {
		const firstSeq = next;
		next = firstSeq + (block.lastSeq - block.firstSeq) + 1;
		return { ...block, firstSeq, lastSeq: next - 1 };
	});
	return rehash(moved);
}

function isSame(one: Chain, other: Chain): boolean {
	const plain = (chain: Chain) => JSON.stringify(chain, (_, value: unknown) => value);
	return plain(one) === plain(other);
}
