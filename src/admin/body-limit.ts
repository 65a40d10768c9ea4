/**
 * The bound on what is sent to administration, whether a length was announced or the body comes in chunks.
 *
 * Ours, not Hono's: that one makes a new Request of a body without a length, which the Node adapter's requests do not stand, so it answered 500.
 */
import type { Context } from "hono";

/** Bodies here are a few lines of JSON; the largest is a request to be explained. */
const BODY_BYTES_MAX = 1024 * 1024;

/** True where the announced length alone is reason enough to refuse; nothing is read then. */
export function announcesTooMuch(context: Context): boolean {
	return Number(context.req.header("content-length") ?? "0") > BODY_BYTES_MAX;
}

/** The body as text; null where it is longer than the bound, and then the rest of it is not read. */
export async function readText(context: Context): Promise<string | null> {
	const pieces: Uint8Array[] = [];
	let bytes = 0;
	for await (const piece of context.req.raw.body ?? []) {
		bytes += piece.length;
		if (bytes > BODY_BYTES_MAX) return null;
		pieces.push(piece);
	}
	return Buffer.concat(pieces).toString("utf8");
}
