/**
 * Callers with passwords: some have the right one and ask again and again, some guess, each on a connection of its own.
 *
 *  - Who is right notes how long an answer takes, and fails the job where it is not 200. Who guesses takes any answer.
 *  - No guess is made twice, so that none is answered from memory.
 */
import { Buffer } from "node:buffer";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { cpuTimeOf } from "../cpu.ts";
import { answerJobs } from "./jobs.ts";

export interface PasswordsJob {
	readonly port: number;
	/** Whose CPU time is read, its children's and threads' included. */
	readonly proxyPid: number;
	/** Value of the Authorization field of who is right. */
	readonly authorization: string;
	readonly callers: number;
	readonly guessers: number;
	/** Whose password is guessed at: always this one's, or with null a new name each time. */
	readonly guessedUser: string | null;
	/** Least time from one answer to the next request, of who is right. */
	readonly pauseMs: number;
	readonly warmUpMs: number;
	readonly windowMs: number;
}

export interface PasswordsResult {
	readonly requests: number;
	readonly proxyUs: number;
	/** Of who is right, in the order in which they ended. */
	readonly waitsMs: readonly number[];
	/** Answers to guesses by status. */
	readonly guesses: Readonly<Record<string, number>>;
}

const END_OF_HEAD = "\r\n\r\n";
let guess = 0;

await answerJobs(measure);
process.exit();

async function measure(job: PasswordsJob): Promise<PasswordsResult> {
	const waitsMs: number[] = [];
	const guesses: Record<string, number> = {};
	const failed = Promise.withResolvers<never>();
	failed.promise.catch(() => undefined);
	const sockets: net.Socket[] = [];
	let measuring = false;

	const call = (next: () => string, answered: (status: string, waitMs: number) => number): void => {
		const socket = net.connect({ port: job.port, host: "127.0.0.1", noDelay: true });
		sockets.push(socket);
		let sentAt = 0;
		let text = "";
		const ask = (): void => {
			sentAt = performance.now();
			socket.write(`GET /api/version HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${next()}\r\n\r\n`);
		};
		socket.on("error", failed.reject).on("connect", ask);
		socket.on("data", (bytes: Buffer) => {
			text += bytes.toString("latin1");
			const status = statusOfWhole(text);
			if (status === null) return;
			text = "";
			const pauseMs = answered(status, performance.now() - sentAt);
			if (pauseMs === 0) ask();
			else setTimeout(() => socket.writable && ask(), pauseMs);
		});
	};
	for (let caller = 0; caller < job.callers; caller += 1) {
		call(
			() => job.authorization,
			(status, waitMs) => {
				if (status !== "200") failed.reject(new Error(`who is right was answered ${status}`));
				if (measuring) waitsMs.push(waitMs);
				return job.pauseMs;
			},
		);
	}
	for (let guesser = 0; guesser < job.guessers; guesser += 1) {
		call(
			() => {
				guess += 1;
				return `Basic ${Buffer.from(`${job.guessedUser ?? `user${guess}`}:guess ${process.pid} ${guess}`).toString("base64")}`;
			},
			(status) => {
				guesses[status] = (guesses[status] ?? 0) + 1;
				return 0;
			},
		);
	}
	try {
		await Promise.race([sleep(job.warmUpMs), failed.promise]);
		measuring = true;
		const before = cpuTimeOf(job.proxyPid);
		await Promise.race([sleep(job.windowMs), failed.promise]);
		return { requests: waitsMs.length, proxyUs: cpuTimeOf(job.proxyPid) - before, waitsMs, guesses };
	} finally {
		for (const socket of sockets) socket.destroy();
	}
}

/** Null where more is to come. */
function statusOfWhole(text: string): string | null {
	const headEnd = text.indexOf(END_OF_HEAD);
	if (headEnd === -1) return null;
	const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text.slice(0, headEnd + 2))?.[1] ?? 0);
	if (text.length < headEnd + END_OF_HEAD.length + length) return null;
	return text.slice(9, 12);
}
