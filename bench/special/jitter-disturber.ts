/**
 * New connections at a steady rate: each a full TLS handshake, some with a right password that is not remembered, because it comes from an address
 * that nobody has come from before. It gives way to the process that measures on the same core.
 */
import { readFileSync } from "node:fs";
import { setPriority } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import tls from "node:tls";

import { answerJobs } from "./jobs.ts";

export interface DisturbJob {
	readonly port: number;
	readonly trusted: string;
	readonly authorization: string;
	/** All of them, those with a password included. */
	readonly handshakesPerSecond: number;
	readonly checksPerSecond: number;
	readonly forMs: number;
}

export interface DisturbResult {
	readonly handshakes: number;
	/** Answers to requests with a password, by status. */
	readonly checks: Readonly<Record<string, number>>;
}

const LEAST_PRIORITY = 19;

setPriority(0, LEAST_PRIORITY);
let address = 0;
await answerJobs(disturb);
process.exit();

async function disturb(job: DisturbJob): Promise<DisturbResult> {
	const ca = readFileSync(job.trusted);
	const checks: Record<string, number> = {};
	const open = new Set<tls.TLSSocket>();
	let handshakes = 0;
	const connect = (withPassword: boolean): void => {
		address += 1;
		const localAddress = `127.${1 + (address >> 16)}.${(address >> 8) & 255}.${address & 255}`;
		const ends = { port: job.port, host: "127.0.0.1", localAddress };
		const socket = tls.connect({ ...ends, servername: "localhost", ca, ALPNProtocols: ["http/1.1"] });
		open.add(socket);
		// What comes of one connection is counted, and no connection ends the job.
		socket.on("error", () => socket.destroy()).on("close", () => open.delete(socket));
		socket.on("secureConnect", () => {
			handshakes += 1;
			if (!withPassword) socket.end();
			else socket.write(`GET /api/version HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${job.authorization}\r\n\r\n`);
		});
		socket.once("data", (bytes) => {
			const status = bytes.toString("latin1", 9, 12);
			checks[status] = (checks[status] ?? 0) + 1;
			socket.end();
		});
	};
	const began = performance.now();
	const everyMs = 1000 / job.handshakesPerSecond;
	const share = job.checksPerSecond / job.handshakesPerSecond;
	for (let count = 0; count * everyMs < job.forMs; count += 1) {
		await sleep(Math.max(0, began + count * everyMs - performance.now()));
		connect(Math.floor((count + 1) * share) > Math.floor(count * share));
	}
	for (const socket of open) socket.destroy();
	return { handshakes, checks };
}
