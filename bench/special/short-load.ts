/** Short requests from many callers, each request under a key drawn at random, and the CPU time that the gateway used meanwhile. */
import type { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { AnswerReader } from "../answer-reader.ts";
import { cpuTimeOf } from "../cpu.ts";
import { requestBytes } from "../scripted.ts";
import { answerJobs } from "./jobs.ts";

export interface ShortJob {
	readonly port: number;
	/** Of the gateway. */
	readonly pid: number;
	/** Holds one key a line. */
	readonly keyFile: string;
	readonly connections: number;
	readonly warmUpMs: number;
	readonly windowMs: number;
}

export interface ShortResult {
	readonly requests: number;
	/** CPU time of the gateway, all its threads together. */
	readonly gatewayUs: number;
}

/** One reading of each file: the next job is most likely of the same gateway. */
const requestsOf = new Map<string, readonly Buffer[]>();

await answerJobs(measure);
process.exit();

async function measure({ port, pid, keyFile, connections, warmUpMs, windowMs }: ShortJob): Promise<ShortResult> {
	const requests = requestsOf.get(keyFile) ?? readRequests(keyFile);
	requestsOf.set(keyFile, requests);
	const failed = Promise.withResolvers<never>();
	const sockets: net.Socket[] = [];
	let answered = 0;
	const draw = (): Buffer => requests[Math.floor(Math.random() * requests.length)] ?? fail();
	for (let caller = 0; caller < connections; caller += 1) {
		const socket = net.connect({ port, host: "127.0.0.1", noDelay: true });
		const reader = new AnswerReader(() => undefined);
		sockets.push(socket);
		socket.on("error", failed.reject);
		socket.on("connect", () => socket.write(draw()));
		socket.on("data", (bytes: Buffer) => {
			try {
				if (!reader.push(bytes)) return;
				answered += 1;
				socket.write(draw());
			} catch (error) {
				failed.reject(error instanceof Error ? error : new Error(String(error)));
			}
		});
	}
	try {
		await Promise.race([sleep(warmUpMs), failed.promise]);
		const [from, before] = [answered, cpuTimeOf(pid)];
		await Promise.race([sleep(windowMs), failed.promise]);
		return { requests: answered - from, gatewayUs: cpuTimeOf(pid) - before };
	} finally {
		for (const socket of sockets) socket.destroy();
	}
}

function readRequests(keyFile: string): readonly Buffer[] {
	const keys = readFileSync(keyFile, "latin1").trim().split("\n");
	return keys.map((key) => requestBytes("chat", `Bearer ${key}`, 0));
}

function fail(): never {
	throw new Error("there is no key");
}
