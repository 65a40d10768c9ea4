/**
 * The hash chain and its signed checkpoints: what exactly is hashed, and what exactly is signed.
 *
 *  - A block is the events of one commit, one JSON line each. `hash = SHA-256(0x01 || previous hash || first seq, 8 bytes big-endian || body)`; the
 *    seq of an event is the block's first plus its line, so no event can be moved, dropped or added without another hash.
 *  - Block 0 is the genesis: it binds the chain's id and the public key that signs its checkpoints.
 *  - A checkpoint signs (chain id, number, seq, time, hash) with Ed25519. Checkpoints are numbered without gaps.
 *
 * What this does not stop: who has root has the signing key, and can write another history from any point on, with valid signatures. Such a forger
 * contradicts every checkpoint that already left the machine (`witness` in verify-chain.ts); the time between two exported checkpoints is what is
 * exposed. In the same way a tail that is cut off together with its checkpoints shows only against an exported one.
 */
import { createHash, createPublicKey, hash, type KeyObject, sign, verify } from "node:crypto";

const HASH_BYTES = 32;
/** What the genesis names as its predecessor. */
export const NO_HASH = Buffer.alloc(HASH_BYTES);
const BLOCK_DOMAIN = 0x01;

export interface Block {
	readonly firstSeq: number;
	readonly lastSeq: number;
	/** Smallest and greatest `at` in the block, Unix ms. An index for queries; verified against the body. */
	readonly firstAt: number;
	readonly lastAt: number;
	readonly previousHash: Buffer;
	readonly hash: Buffer;
	readonly body: Buffer;
}

export interface Checkpoint {
	/** From 1, without gaps. */
	readonly number: number;
	/** The last event that the checkpoint covers; 0 for the genesis. */
	readonly seq: number;
	/** Unix ms. */
	readonly at: number;
	/** Hash of the block that ends with `seq`. */
	readonly hash: Buffer;
	readonly signature: Buffer;
}

/** A checkpoint as it leaves the machine: all that its signature covers, in plain text. */
export interface ExportedCheckpoint {
	readonly chain: string;
	readonly number: number;
	readonly seq: number;
	/** Unix ms. */
	readonly at: number;
	/** Hexadecimal. */
	readonly hash: string;
	/** Base64. */
	readonly signature: string;
}

export interface Genesis {
	readonly chain: string;
	readonly publicKey: KeyObject;
}

export function blockHash(previousHash: Buffer, firstSeq: number, body: Buffer): Buffer {
	const head = Buffer.allocUnsafe(1 + HASH_BYTES + 8);
	head.writeUInt8(BLOCK_DOMAIN, 0);
	previousHash.copy(head, 1);
	head.writeBigUInt64BE(BigInt(firstSeq), 1 + HASH_BYTES);
	return createHash("sha256").update(head).update(body).digest();
}

export function genesisBody(chain: string, publicKey: KeyObject): Buffer {
	const spki = publicKey.export({ type: "spki", format: "der" }).toString("base64");
	return Buffer.from(`${JSON.stringify({ type: "genesis", format: 1, chain, publicKey: spki })}\n`);
}

/** Null where the body is not a genesis that this program wrote. */
export function parseGenesis(body: Buffer): Genesis | null {
	try {
		const genesis: unknown = JSON.parse(body.toString("utf8"));
		if (typeof genesis !== "object" || genesis === null || !("chain" in genesis) || !("publicKey" in genesis)) return null;
		const { chain, publicKey: spki } = genesis;
		if (typeof chain !== "string" || typeof spki !== "string") return null;
		const publicKey = createPublicKey({ key: Buffer.from(spki, "base64"), type: "spki", format: "der" });
		// Re-made and compared, so that exactly one text is a genesis.
		return genesisBody(chain, publicKey).equals(body) ? { chain, publicKey } : null;
	} catch {
		// JSON or key that does not parse: the caller reports a genesis that is none.
		return null;
	}
}

export function signCheckpoint(chain: string, unsigned: Omit<Checkpoint, "signature">, privateKey: KeyObject): Checkpoint {
	return { ...unsigned, signature: sign(null, checkpointText(chain, unsigned), privateKey) };
}

export function isCheckpointSigned(chain: string, checkpoint: Checkpoint, publicKey: KeyObject): boolean {
	return verify(null, checkpointText(chain, checkpoint), publicKey, checkpoint.signature);
}

export function exportCheckpoint(chain: string, { number, seq, at, hash: head, signature }: Checkpoint): ExportedCheckpoint {
	return { chain, number, seq, at, hash: head.toString("hex"), signature: signature.toString("base64") };
}

/** Hexadecimal SHA-256 of the public key: short enough to write down. */
export function fingerprintOf(publicKey: KeyObject): string {
	return hash("sha256", publicKey.export({ type: "spki", format: "der" }), "hex");
}

function checkpointText(chain: string, { number, seq, at, hash: head }: Omit<Checkpoint, "signature">): Buffer {
	return Buffer.from(
		`rempart event log checkpoint v1\nchain ${chain}\nnumber ${number}\nseq ${seq}\nat ${at}\nhash ${head.toString("hex")}\n`,
	);
}
