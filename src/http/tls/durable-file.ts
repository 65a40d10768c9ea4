/**
 * Writes a file so that a crash at any instant leaves the old content or the new, never a part.
 *
 * The new content is on disk (fsync) before it takes the name, and the name is on disk (fsync of the folder) before the promise resolves. The mode
 * is set when the file is made, so there is no instant at which a key is readable by others.
 */
import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

export async function writeDurably(file: string, content: string, mode: number): Promise<void> {
	const temporary = `${file}.${randomBytes(6).toString("hex")}.tmp`;
	try {
		// "wx": a file that somebody laid there for us to write into is refused, not followed.
		await withHandle(temporary, "wx", mode, async (handle) => {
			await handle.writeFile(content);
			await handle.sync();
		});
		await rename(temporary, file);
	} catch (error) {
		await rm(temporary, { force: true });
		throw error;
	}
	await withHandle(dirname(file), "r", undefined, (handle) => handle.sync());
}

type Handle = Awaited<ReturnType<typeof open>>;

async function withHandle(path: string, flags: string, mode: number | undefined, use: (handle: Handle) => Promise<void>): Promise<void> {
	await using handle = await open(path, flags, mode);
	await use(handle);
}
