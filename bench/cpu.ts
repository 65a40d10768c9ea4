/**
 * CPU time by the kernel's accounting: what a process, all its threads and all its children have used.
 *
 *  - `/proc/PID/stat` counts a process's threads together, those that have ended included; children are found by their parent, so that nginx's
 *    worker counts with its master.
 *  - The kernel splits time into user and system by sampling, but their sum is exact; only the sum is used here.
 *  - Times come in ticks (`CLK_TCK`, 10 ms nearly everywhere): a window shorter than a few seconds measures the tick and not the program.
 *  - Linux only.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** Fields of `/proc/PID/stat` that matter here, see proc_pid_stat(5). */
export interface ProcessStat {
	readonly parent: number;
	/** User and system time of all threads together. */
	readonly ticks: number;
	/** The same of children that have ended and were waited for. */
	readonly reapedTicks: number;
}

/** What one core did since the machine started. */
export interface CoreTimes {
	readonly busyUs: number;
	/** Taken away by the hypervisor. */
	readonly stolenUs: number;
}

const TICK_US = 1_000_000 / Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** CPU time in µs of a process tree. Throws where the process is gone: a proxy that died must not look cheap. */
export function cpuTimeOf(pid: number): number {
	const own = parseProcessStat(readFileSync(`/proc/${pid}/stat`, "latin1"));
	let ticks = own.ticks + own.reapedTicks;
	const found = [pid];
	const processes = allProcesses();
	for (const parent of found) {
		for (const [child, stat] of processes) {
			if (stat.parent !== parent) continue;
			ticks += stat.ticks + stat.reapedTicks;
			found.push(child);
		}
	}
	return ticks * TICK_US;
}

export function coreTimes(core: number): CoreTimes {
	const line = readFileSync("/proc/stat", "latin1")
		.split("\n")
		.find((candidate) => candidate.startsWith(`cpu${core} `));
	if (line === undefined) throw new Error(`/proc/stat knows no core ${core}`);
	// user nice system idle iowait irq softirq steal; guest time is in user already.
	const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line.split(/ +/).slice(1).map(Number);
	return { busyUs: (user + nice + system + irq + softirq) * TICK_US, stolenUs: steal * TICK_US };
}

/** The name in the second field may hold spaces and parentheses, so fields are counted from its last closing one. */
export function parseProcessStat(text: string): ProcessStat {
	const fields = text
		.slice(text.lastIndexOf(")") + 2)
		.split(" ")
		.map(Number);
	// Field 3 of the manual page is field 0 here.
	const [parent, utime, stime, cutime, cstime] = [fields[1], fields[11], fields[12], fields[13], fields[14]];
	if (parent === undefined || utime === undefined || stime === undefined || cutime === undefined || cstime === undefined) {
		throw new Error(`not a line of /proc/PID/stat: ${text}`);
	}
	return { parent, ticks: utime + stime, reapedTicks: cutime + cstime };
}

function allProcesses(): ReadonlyMap<number, ProcessStat> {
	const processes = new Map<number, ProcessStat>();
	for (const name of readdirSync("/proc")) {
		if (!/^\d+$/.test(name)) continue;
		const text = readIfThere(`/proc/${name}/stat`);
		if (text !== null) processes.set(Number(name), parseProcessStat(text));
	}
	return processes;
}

/** Processes end between the listing and the reading. */
function readIfThere(path: string): string | null {
	try {
		return readFileSync(path, "latin1");
	} catch {
		return null;
	}
}
