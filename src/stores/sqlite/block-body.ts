/**
 * The body of a block as it is stored: JSON lines, or, from a few kilobytes on, the same lines compressed with Zstandard.
 *
 *  - Compressing costs less than writing the difference through a database does, and the log takes a seventh of the room.
 *  - The first byte tells which it is: JSON lines begin with `{`, a Zstandard frame (RFC 8878 §3.1.1) with 0x28. The hash covers the stored bytes, so
 *    nothing is decompressed that was not verified, and there is no column that could be altered to say otherwise.
 *  - A single event stays readable with any SQLite tool.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";

const COMPRESSED_FROM_BYTES = 4_096;
/** Far more than the queue ever puts into one block; bounds what a forged one can unfold to. */
const LINES_BYTES_MAX = 64 * 1024 * 1024;
const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

export function packBody(lines: string): Buffer {
	const plain = Buffer.from(lines);
	return plain.length < COMPRESSED_FROM_BYTES ? plain : zstdCompressSync(plain, FAST);
}

/** The lines, without the line feed that ends each. Throws where the body is neither form. */
export function unpackBody(body: Buffer): string[] {
	const lines = unpackText(body).split("\n");
	if (lines.pop() !== "") throw new Error("the last line of a block has no end");
	return lines;
}

/** The lines in one text. Throws where what is compressed cannot be read. */
export function unpackText(body: Buffer): string {
	const plain = body[0] === 0x28 ? zstdDecompressSync(body, { maxOutputLength: LINES_BYTES_MAX }) : body;
	return plain.toString("utf8");
}
