/** Callers of paced streams, who note how long the first token takes. Each keeps its connection and asks again when a stream has ended. */
import type { Buffer } from "node:buffer";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { AnswerReader } from "../answer-reader.ts";
import { answerJobs } from "./jobs.ts";
import { chatRequest } from "./play.ts";

export interface FirstTokenJob {
	readonly port: number;
	/** Null to an upstream, which asks for none. */
	readonly authorization: string | null;
	readonly callers: number;
	readonly tokens: number;
	readonly everyMs: number;
	readonly warmUpMs: number;
	readonly windowMs: number;
}

export interface FirstTokenResult {
	/** Of every stream that began within the window, in the order in which they ended. */
	readonly waitsMs: readonly number[];
}

await answerJobs(measure);
process.exit();

async function measure(job: FirstTokenJob): Promise<FirstTokenResult> {
	const request = chatRequest({ kind: "paced", everyMs: job.everyMs, tokens: job.tokens }, job.authorization);
	const waitsMs: number[] = [];
	const failed = Promise.withResolvers<never>();
	const sockets: net.Socket[] = [];
	let measuring = false;
	const call = (socket: net.Socket): void => {
		let sentAt = 0;
		const ask = (): void => {
			sentAt = performance.now();
			socket.write(request);
		};
		const reader = new AnswerReader(() => {
			if (sentAt === 0) return;
			if (measuring) waitsMs.push(performance.now() - sentAt);
			sentAt = 0;
		});
		socket.on("data", (bytes: Buffer) => {
			try {
				if (reader.push(bytes)) ask();
			} catch (error) {
				failed.reject(error instanceof Error ? error : new Error(String(error)));
			}
		});
		ask();
	};
	const run = async (): Promise<void> => {
		// Out of step, as callers are: spread over the length of a stream.
		for (let caller = 0; caller < job.callers; caller += 1) {
			const socket = net.connect({ port: job.port, host: "127.0.0.1", noDelay: true });
			sockets.push(socket);
			socket.on("error", failed.reject).on("connect", () => call(socket));
			await sleep((job.tokens * job.everyMs) / job.callers);
		}
		await sleep(job.warmUpMs);
		measuring = true;
		await sleep(job.windowMs);
	};
	try {
		await Promise.race([run(), failed.promise]);
		return { waitsMs };
	} finally {
		for (const socket of sockets) socket.destroy();
	}
}
