/**
 * Resident memory: at rest, for each of 5,000 open streams, for each of 500 callers that read nothing while the upstream sends without pause.
 *
 *  - The gateway, the callers and the upstream are processes of their own; what the kernel holds for sockets is not in a process's resident memory.
 *  - Per stream: what the whole process has grown since it rested, garbage included, divided by the streams. That is what an operator has to have.
 *  - Streams tick once a second, so that all of them are in use while memory is read.
 *  - Each stream needs two descriptors of the gateway and one of each other process; fewer streams are opened where `ulimit -n` is too low.
 */
import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

import type { Figure } from "../figure.ts";
import { quantile } from "../statistics.ts";
import type { HeldStreamsJob, HeldStreamsResult } from "./held-streams-load.ts";
import { perform } from "./jobs.ts";
import type { Play } from "./play.ts";
import { residentSamples } from "./resident.ts";
import { type SpecialGateway, startGateway, startScript, startUpstream } from "./scene.ts";
import type { SpecialSurroundings } from "./special.ts";

const STREAMS = 5_000;
const STOPPED = 500;
const QUICK_STREAMS = 1_000;
const QUICK_STOPPED = 100;
const DESCRIPTORS_KEPT_BACK = 500;
const SETTLE_MS = 4_000;
const SAMPLES_MS = 3_000;
const OPENING_MS = 180_000;
const LOOK_EVERY_MS = 50;
/** As `top` and `ps` count. */
const MEGABYTE = 2 ** 20;
const KILOBYTE = 2 ** 10;
/** The door's own limits would refuse so many; a stopped reader is let go after a minute, later than this takes. */
const ROOM = { connections: { total: 100_000, per_address: 100_000, unauthenticated_per_address: 100_000 }, drain_timeout: "0s" };
const TICKING: Play = { kind: "paced", everyMs: 1_000, tokens: 1_000_000 };

interface Level {
	readonly atRest: readonly number[];
	readonly open: readonly number[];
	readonly gone: readonly number[];
	readonly streams: number;
}

export async function memory(around: SpecialSurroundings): Promise<readonly Figure[]> {
	const streams = Math.min(around.quick ? QUICK_STREAMS : STREAMS, Math.floor((descriptors() - DESCRIPTORS_KEPT_BACK) / 2));
	const stopped = around.quick ? QUICK_STOPPED : STOPPED;
	// The launcher keeps what the runtime compiled from one start to the next; a server's second start is what an operator has from then on.
	await (await startGateway({ name: "memory-first-start", upstream: `http://127.0.0.1:${around.upstreamPort}` }, around)).stop();
	const clear = await level("memory", false, streams, TICKING, true, around);
	const encrypted = await level("memory-tls", true, streams, TICKING, true, around);
	const unread = await level("memory-unread", false, stopped, { kind: "flood" }, false, around);
	const few = streams < STREAMS ? `; ${STREAMS} were wanted` : "";
	return [
		{
			id: "memory/at-rest",
			what: "resident memory at rest",
			...inUnits(clear.atRest, MEGABYTE),
			unit: "MB",
			atLeast: 120,
			aim: 80,
			better: "less",
			detail: `after the start; ${(median(clear.gone) / MEGABYTE).toFixed(0)} MB when ${clear.streams} streams had come and gone`,
		},
		{
			id: "memory/stream",
			what: `resident memory per open stream, ${clear.streams} streams`,
			...perStream(clear),
			unit: "KB",
			atLeast: 40,
			aim: 20,
			better: "less",
			detail: `${(median(clear.open) / MEGABYTE).toFixed(0)} MB in all, in clear${few}`,
		},
		{
			id: "memory/stream-tls",
			what: `resident memory per open stream under TLS, ${encrypted.streams} streams`,
			...perStream(encrypted),
			unit: "KB",
			atLeast: null,
			aim: null,
			better: "less",
			detail: `${(median(encrypted.open) / MEGABYTE).toFixed(0)} MB in all; OpenSSL's state of each connection is in it`,
		},
		{
			id: "memory/stopped-reader",
			what: `resident memory per caller that reads nothing of an unpaced stream, ${unread.streams} callers`,
			...perStream(unread),
			unit: "KB",
			atLeast: 512,
			aim: 256,
			better: "less",
			detail: `${(median(unread.open) / MEGABYTE).toFixed(0)} MB in all; what the kernel's socket buffers swallow is not in it`,
		},
	];
}

async function level(
	name: string,
	encrypted: boolean,
	count: number,
	play: Play,
	read: boolean,
	around: SpecialSurroundings,
): Promise<Level> {
	const upstream = await startUpstream(around);
	const gateway = await startGateway({ name, upstream: upstream.url, tls: encrypted, settings: { limits: ROOM } }, around);
	const load = startScript("held-streams-load", around);
	const { port, trusted, pid } = gateway;
	const authorization = await gateway.authorize("user");
	const ask = (job: HeldStreamsJob) => perform<HeldStreamsJob, HeldStreamsResult>(load, job, OPENING_MS);
	await sleep(SETTLE_MS);
	const atRest = await residentSamples(pid, SAMPLES_MS);
	await ask({ kind: "open", count, port, trusted, authorization, play, read });
	await within(gateway, `${count} streams are open`, (open) => open === count);
	around.note(`${name}: ${count} streams are open`);
	await sleep(SETTLE_MS);
	const open = await residentSamples(pid, SAMPLES_MS);
	await ask({ kind: "close" });
	await within(gateway, "all streams have ended", (left) => left === 0);
	await sleep(SETTLE_MS);
	const gone = await residentSamples(pid, SAMPLES_MS);
	await Promise.all([load.stop(), gateway.stop(), upstream.stop()]);
	return { atRest, open, gone, streams: count };
}

async function within({ admin }: SpecialGateway, what: string, holds: (streams: number) => boolean): Promise<void> {
	const until = performance.now() + OPENING_MS;
	for (;;) {
		const { streams } = await admin.load();
		if (holds(streams)) return;
		if (performance.now() > until) throw new Error(`it is not so that ${what}, but ${streams}`);
		await sleep(LOOK_EVERY_MS);
	}
}

function perStream({ atRest, open, streams }: Level): Pick<Figure, "value" | "spread"> {
	const resting = median(atRest);
	return inUnits(
		open.map((bytes) => (bytes - resting) / streams),
		KILOBYTE,
	);
}

function inUnits(samples: readonly number[], unit: number): Pick<Figure, "value" | "spread"> {
	return { value: median(samples) / unit, spread: [quantile(samples, 0) / unit, quantile(samples, 1) / unit] };
}

function median(sorted: readonly number[]): number {
	return quantile(sorted, 0.5);
}

/** The runtime raises its own limit to what it may at most. */
function descriptors(): number {
	const most = execFileSync("sh", ["-c", "ulimit -Hn"], { encoding: "utf8" }).trim();
	return most === "unlimited" ? Number.POSITIVE_INFINITY : Number(most);
}
