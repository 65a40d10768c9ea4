/** What a figure was measured on, and which two of the machine's cores this process may use. */
import { execFileSync } from "node:child_process";
import { accessSync, constants, readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { delimiter, join } from "node:path";

export interface Machine {
	readonly processor: string;
	readonly cores: number;
	readonly memoryBytes: number;
	readonly kernel: string;
	readonly node: string;
	readonly openssl: string;
	/** Versions of the other programs in the run, by their names. */
	readonly programs: Readonly<Record<string, string>>;
	/** Version of the package and commit, with a plus where files differ from it. */
	readonly rempart: string;
}

export function describeMachine(root: string, programs: Machine["programs"]): Machine {
	const processors = cpus();
	return {
		processor: processors[0]?.model.trim() ?? "unknown",
		cores: processors.length,
		memoryBytes: totalmem(),
		kernel: release(),
		node: process.versions.node,
		openssl: process.versions.openssl,
		programs,
		rempart: rempartVersion(root),
	};
}

/** Debian keeps servers in directories that are not on every user's path. */
export function findProgram(name: string): string | null {
	const directories = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
	return directories.map((directory) => join(directory, name)).find(isExecutable) ?? null;
}

/** The cores that this process may run on, in ascending order. */
export function allowedCores(): readonly number[] {
	const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
	return list.split(",").flatMap((range) => {
		const [first = 0, last = first] = range.split("-").map(Number);
		return Array.from({ length: last - first + 1 }, (_, index) => first + index);
	});
}

function rempartVersion(root: string): string {
	const version = /"version": "([^"]+)"/.exec(readFileSync(join(root, "package.json"), "utf8"))?.[1] ?? "";
	try {
		const git = (...args: readonly string[]) => execFileSync("git", ["-C", root, ...args], { encoding: "utf8", stdio: "pipe" }).trim();
		return `${version} (${git("rev-parse", "--short", "HEAD")}${git("status", "--porcelain", "--", "src") === "" ? "" : "+"})`;
	} catch {
		// No repository, as in a tarball: the version alone has to do.
		return version;
	}
}

function isExecutable(path: string): boolean {
	try {
		accessSync(path, constants.X_OK);
		return true;
	} catch {
		return false;
	}
}
