/** Callers of paced streams over TLS, who note how far each token is from the beat. */
import type { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import tls from "node:tls";

import { answerJobs } from "./jobs.ts";
import { chatRequest } from "./play.ts";

export interface JitterJob {
	readonly port: number;
	/** PEM file. */
	readonly trusted: string;
	readonly authorization: string;
	readonly streams: number;
	readonly everyMs: number;
	readonly warmUpMs: number;
	readonly windowMs: number;
}

export interface JitterResult {
	/** How far the time between two tokens was from the beat, either way. */
	readonly offMs: readonly number[];
}

/** Streams outlive their window, so that none ends within it. */
const SPARE_MS = 5_000;

await answerJobs(measure);
process.exit();

async function measure(job: JitterJob): Promise<JitterResult> {
	const tokens = Math.ceil((job.warmUpMs + job.windowMs + SPARE_MS) / job.everyMs);
	const request = chatRequest({ kind: "paced", everyMs: job.everyMs, tokens }, job.authorization);
	const ca = readFileSync(job.trusted);
	const offMs: number[] = [];
	const failed = Promise.withResolvers<never>();
	failed.promise.catch(() => undefined);
	const sockets: tls.TLSSocket[] = [];
	let measuring = false;
	const open = (): void => {
		const socket = tls.connect({ port: job.port, host: "127.0.0.1", servername: "localhost", ca, ALPNProtocols: ["http/1.1"] });
		sockets.push(socket.setNoDelay(true));
		let last = 0;
		socket.on("secureConnect", () => socket.write(request)).on("error", failed.reject);
		socket.on("close", () => failed.reject(new Error("a stream ended")));
		socket.on("data", (bytes: Buffer) => {
			const now = performance.now();
			if (last === 0 && !bytes.toString("latin1", 0, 12).includes(" 200")) failed.reject(new Error(bytes.toString("latin1", 0, 200)));
			if (measuring && last !== 0) offMs.push(Math.abs(now - last - job.everyMs));
			last = now;
		});
	};
	try {
		for (let stream = 0; stream < job.streams; stream += 1) {
			open();
			// Out of step, as callers are.
			await Promise.race([sleep(job.everyMs / job.streams + 2), failed.promise]);
		}
		await Promise.race([sleep(job.warmUpMs), failed.promise]);
		measuring = true;
		await Promise.race([sleep(job.windowMs), failed.promise]);
		return { offMs };
	} finally {
		for (const socket of sockets) socket.removeAllListeners("close").destroy();
	}
}
