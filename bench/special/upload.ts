/**
 * A blob of 10 GB to an upstream that reads it slower than the caller sends: by how much the gateway's resident memory grows.
 *
 * The upstream reads in slices of time at a fixed rate, so that the caller is made to wait all the way; the rate is such that it takes less than a minute.
 */
import { setTimeout as sleep } from "node:timers/promises";

import type { Figure } from "../figure.ts";
import { perform } from "./jobs.ts";
import { residentBytes, residentSamples } from "./resident.ts";
import { startGateway, startScript, startUpstream } from "./scene.ts";
import type { SpecialSurroundings } from "./special.ts";
import type { UploadJob, UploadResult } from "./upload-load.ts";

const PIECE = 1024 * 1024;
const PIECES = 10_000;
const QUICK_PIECES = 1_000;
const BYTES_PER_SECOND = 200e6;
/** A file before it, so that the code which it runs through is compiled and the buffers that it needs are there once. */
const WARM_UP_PIECES = 200;
const LONGEST_MS = 300_000;
const SETTLE_MS = 2_000;
const SAMPLE_MS = 100;
const MEGABYTE = 2 ** 20;

export async function upload(around: SpecialSurroundings): Promise<readonly Figure[]> {
	const bytes = PIECE * (around.quick ? QUICK_PIECES : PIECES);
	const upstream = await startUpstream(around, BYTES_PER_SECOND);
	const gateway = await startGateway({ name: "upload", upstream: upstream.url }, around);
	const load = startScript("upload-load", around);
	const authorization = await gateway.authorize("admin");
	const send = (count: number) => perform<UploadJob, UploadResult>(load, { port: gateway.port, authorization, bytes: count }, LONGEST_MS);
	await sleep(SETTLE_MS);
	const cold = residentBytes(gateway.pid);
	await send(PIECE * WARM_UP_PIECES);
	const before = await residentSamples(gateway.pid, SETTLE_MS);
	const resting = before[0] ?? Number.NaN;
	let most = 0;
	let done = false;
	const sending = send(bytes).finally(() => {
		done = true;
	});
	// A failure is seen below, when it is awaited.
	sending.catch(() => undefined);
	while (!done) {
		most = Math.max(most, residentBytes(gateway.pid));
		await sleep(SAMPLE_MS);
	}
	const { seconds, waits } = await sending;
	await Promise.all([load.stop(), gateway.stop(), upstream.stop()]);
	return [
		{
			id: "upload/growth",
			what: `growth of resident memory in an upload of ${(bytes / 1e9).toFixed(0)} GB to a slow upstream`,
			value: (most - resting) / MEGABYTE,
			unit: "MB",
			spread: null,
			atLeast: 64,
			aim: 16,
			better: "less",
			detail:
				`at its highest, ${(most / MEGABYTE).toFixed(0)} MB, after ${(resting / MEGABYTE).toFixed(0)} MB before it and ` +
				`${(cold / MEGABYTE).toFixed(0)} MB before the first upload; ${(bytes / 1e6 / seconds).toFixed(0)} MB/s, the caller waited ${waits} times`,
		},
	];
}
