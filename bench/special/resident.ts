/** Resident memory by the kernel's accounting. Linux only. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const FIELD = /^VmRSS:\s+(\d+) kB$/m;

/** Bytes. Throws where the process is gone. */
export function residentBytes(pid: number): number {
	const kibibytes = FIELD.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
	if (kibibytes === undefined) throw new Error(`process ${pid} has no resident memory`);
	return Number(kibibytes) * 1024;
}

/** In ascending order: one sample every so often, for so long. */
export async function residentSamples(pid: number, forMs: number, everyMs = 100): Promise<readonly number[]> {
	const samples: number[] = [];
	for (const until = performance.now() + forMs; performance.now() < until; await sleep(everyMs)) samples.push(residentBytes(pid));
	return samples.toSorted((a, b) => a - b);
}
