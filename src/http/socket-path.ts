/**
 * A path for a Unix socket that other users' programs are to open: free, and opened to the group alone.
 *
 *  - A socket that somebody answers on is left alone and is an error; one that nobody answers on is what a crash left, and is removed.
 *  - A file that is no socket is not ours to remove: listening on it fails and says so.
 */
import { chmod, lstat, rm } from "node:fs/promises";
import { connect } from "node:net";

import { HintedError } from "../std/hinted-error.ts";

/** Linux' bound for the path of a Unix socket (`sun_path`, with the final zero byte); other systems have 104. */
const SOCKET_PATH_BYTES_MAX = 103;
const GROUP_MAY_CONNECT = 0o660;

/** Listens by calling `open` while nobody but the group may connect. Rejects with a HintedError where the path cannot be had. */
export async function listenAtPath<T>(path: string, open: () => Promise<T>): Promise<T> {
	if (Buffer.byteLength(path) > SOCKET_PATH_BYTES_MAX) {
		throw new HintedError(`the socket's path is too long for this system: ${path}`, "choose a shorter one");
	}
	await clearStale(path);
	// The bind happens inside the call, so this mask holds for the socket and for nothing else of this thread.
	const mask = process.umask(0o117);
	let opened: Promise<T>;
	try {
		opened = open();
	} finally {
		process.umask(mask);
	}
	try {
		const listening = await opened;
		await chmod(path, GROUP_MAY_CONNECT);
		return listening;
	} catch (cause) {
		throw new HintedError(`cannot listen on ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, "check the directory", {
			cause,
		});
	}
}

async function clearStale(path: string): Promise<void> {
	const answer = await new Promise<string>((resolve) => {
		const socket = connect(path);
		socket.once("connect", () => {
			socket.destroy();
			resolve("answers");
		});
		socket.once("error", (error) => resolve("code" in error ? String(error.code) : error.message));
	});
	if (answer === "answers") throw new HintedError(`somebody already listens on ${path}`, "stop it, or choose another path");
	if (answer === "ECONNREFUSED" && (await lstat(path)).isSocket()) await rm(path, { force: true });
}
