/**
 * A disk small enough to fill, that can also be made read-only: a tmpfs in a mount namespace of its own, so nothing outside it is touched.
 *
 * Where this machine does not let us mount (no root, or a container that forbids it), a limit on the size of files takes its place: a write beyond it
 * fails (EFBIG, which SQLite calls a disk I/O error), until the limit is lifted. Either way the test runs.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";

import { temporaryDirectory } from "./temporary-directory.ts";

/** A process that `wrap` made the command of. */
export interface DiskUser {
	readonly child: ChildProcess;
}

export interface TinyDisk {
	/** As processes that `wrap` made see it. */
	readonly directory: string;
	/** The same directory, for this process. */
	readonly seen: string;
	/** What a write that fails is called. */
	readonly full: RegExp;
	readonly readOnly: RegExp;
	wrap(command: string[]): string[];
	fill(user: DiskUser): void;
	free(user: DiskUser): void;
	/** Lets nobody open the file for writing any more. */
	forbidWriting(file: string): void;
	allowWriting(file: string): void;
}

export async function tinyDisk(context: TestContext): Promise<TinyDisk> {
	const directory = temporaryDirectory(context);
	if (spawnSync("unshare", ["-m", "mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", directory]).status === 0)
		return await MountedDisk.make(context, directory);
	context.diagnostic("this machine refuses mounts: a limit on the size of files takes the place of a full disk");
	return new LimitedDisk(directory);
}

class MountedDisk implements TinyDisk {
	readonly directory: string;
	readonly full = /database or disk is full/;
	readonly readOnly = /EROFS|readonly/;
	readonly #holder: ChildProcess;

	/** `holder` keeps the namespace alive when the processes in it are gone. */
	constructor(directory: string, holder: ChildProcess) {
		this.directory = directory;
		this.#holder = holder;
	}

	static async make(context: TestContext, directory: string): Promise<MountedDisk> {
		const script = 'mount -t tmpfs -o size=6m,mode=700 tmpfs "$0" && echo mounted && exec cat';
		const holder = spawn("unshare", ["-m", "sh", "-c", script, directory], { stdio: ["pipe", "pipe", "inherit"] });
		context.after(() => holder.kill("SIGKILL"));
		await once(holder.stdout, "data");
		return new MountedDisk(directory, holder);
	}

	get seen(): string {
		return `/proc/${this.#holder.pid}/root${this.directory}`;
	}

	wrap(command: string[]): string[] {
		return ["nsenter", "-t", String(this.#holder.pid), "-m", ...command];
	}

	fill(): void {
		// As much as fits: the last write is cut short or fails.
		spawnSync("dd", ["if=/dev/zero", `of=${join(this.seen, "ballast")}`, "bs=4k"], { stdio: "ignore" });
	}

	free(): void {
		rmSync(join(this.seen, "ballast"));
	}

	forbidWriting(file: string): void {
		const path = join(this.directory, file);
		this.#inside("mount", "--bind", path, path);
		this.#inside("mount", "-o", "remount,bind,ro", path);
	}

	allowWriting(file: string): void {
		this.#inside("umount", join(this.directory, file));
	}

	#inside(...command: string[]): void {
		const [file = "", ...rest] = this.wrap(command);
		execFileSync(file, rest);
	}
}

class LimitedDisk implements TinyDisk {
	readonly directory: string;
	readonly full = /disk I\/O error|disk is full/;
	readonly readOnly = /EISDIR/;

	constructor(directory: string) {
		this.directory = directory;
	}

	get seen(): string {
		return this.directory;
	}

	/** SIGXFSZ would end the process; ignored, the write fails instead. */
	wrap(command: string[]): string[] {
		return ["sh", "-c", 'trap "" XFSZ; exec "$@"', "sh", ...command];
	}

	fill(user: DiskUser): void {
		execFileSync("prlimit", ["--pid", String(user.child.pid), "--fsize=4096:unlimited"]);
	}

	free(user: DiskUser): void {
		execFileSync("prlimit", ["--pid", String(user.child.pid), "--fsize=unlimited:unlimited"]);
	}

	/** Modes do not bind root, so a directory takes the file's place. */
	forbidWriting(file: string): void {
		renameSync(join(this.directory, file), join(this.directory, `${file}.away`));
		mkdirSync(join(this.directory, file));
	}

	allowWriting(file: string): void {
		rmdirSync(join(this.directory, file));
		renameSync(join(this.directory, `${file}.away`), join(this.directory, file));
	}
}

/** The disk without mounts, also where mounts work: the two fail in different ways. */
export function limitedDisk(context: TestContext): TinyDisk {
	return new LimitedDisk(temporaryDirectory(context));
}
