/**
 * Short requests at several gateways in turn, and the CPU time that each gateway used.
 *
 *  - Turns are short, so that what the machine's other users do falls upon all alike. All gateways have one turn each in a lap; laps are told one by one.
 *  - All that a gateway uses counts, also while another is asked: what is saved, counted or collected now and then belongs to the requests before it.
 *  - Each key is used once before any is used again, and then they are drawn at random.
 */
import type { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { AnswerReader } from "../answer-reader.ts";
import { cpuTimeOf } from "../cpu.ts";
import { requestBytes } from "../scripted.ts";
import { answerJobs } from "./jobs.ts";

export interface Target {
	readonly pid: number;
	readonly port: number;
	/** Holds one key a line. */
	readonly keyFile: string;
}

export interface TurnsJob {
	readonly targets: readonly Target[];
	readonly connections: number;
	/** So many loopback addresses the callers come from. */
	readonly addresses: number;
	/** As many as it takes to use every key once, where null. */
	readonly laps: number | null;
	readonly turnMs: number;
}

/** Of each target. */
export type Lap = readonly { readonly requests: number; readonly gatewayUs: number }[];
export type TurnsResult = readonly Lap[];

/** The requests of one key file, for all jobs. */
class Requests {
	readonly #all: readonly Buffer[];
	#used = 0;

	constructor(file: string) {
		const keys = readFileSync(file, "latin1").trim().split("\n");
		this.#all = keys.map((key) => requestBytes("chat", `Bearer ${key}`, 0));
	}

	get isEachUsed(): boolean {
		return this.#used >= this.#all.length;
	}

	next(): Buffer {
		const request = this.isEachUsed ? this.#all[Math.floor(Math.random() * this.#all.length)] : this.#all[this.#used++];
		if (request === undefined) throw new Error("there is no key");
		return request;
	}
}

const requestsOf = new Map<string, Requests>();

/** The callers of one gateway: they send while it is their turn, and wait for their answers also afterwards. */
class Callers {
	readonly requests: Requests;
	readonly #sockets: net.Socket[] = [];
	#idle: net.Socket[] = [];
	#active = false;
	answered = 0;

	constructor(requests: Requests) {
		this.requests = requests;
	}

	async connect(port: number, { connections, addresses }: TurnsJob, failed: (error: Error) => void): Promise<void> {
		for (let caller = 0; caller < connections; caller += 1) {
			const socket = net.connect({ port, host: "127.0.0.1", noDelay: true, localAddress: `127.0.0.${1 + (caller % addresses)}` });
			const reader = new AnswerReader(() => undefined);
			this.#sockets.push(socket);
			socket.on("error", failed);
			socket.on("data", (bytes: Buffer) => {
				try {
					if (!reader.push(bytes)) return;
					this.answered += 1;
					this.#next(socket);
				} catch (error) {
					failed(error instanceof Error ? error : new Error(String(error)));
				}
			});
			await new Promise((resolve) => socket.once("connect", resolve));
			this.#idle.push(socket);
		}
	}

	begin(): void {
		this.#active = true;
		for (const socket of this.#idle.splice(0)) this.#next(socket);
	}

	pause(): void {
		this.#active = false;
	}

	close(): void {
		for (const socket of this.#sockets) socket.destroy();
	}

	#next(socket: net.Socket): void {
		if (!this.#active) {
			this.#idle.push(socket);
			return;
		}
		socket.write(this.requests.next());
	}
}

async function measure(job: TurnsJob): Promise<TurnsResult> {
	const failed = Promise.withResolvers<never>();
	const callers = job.targets.map(({ keyFile }) => new Callers(requestsIn(keyFile)));
	const running = run(job, callers, failed.reject);
	try {
		return await Promise.race([running, failed.promise]);
	} finally {
		for (const each of callers) each.close();
	}
}

async function run({ targets, ...job }: TurnsJob, callers: readonly Callers[], failed: (error: Error) => void): Promise<TurnsResult> {
	for (const [at, { port }] of targets.entries()) await callers[at]?.connect(port, { targets, ...job }, failed);
	const laps: Lap[] = [];
	let before = standing(targets, callers);
	while (job.laps === null ? !callers.every(({ requests }) => requests.isEachUsed) : laps.length < job.laps) {
		// Each goes first as often as last.
		for (const each of laps.length % 2 === 0 ? callers : callers.toReversed()) {
			each.begin();
			await sleep(job.turnMs);
			each.pause();
		}
		const after = standing(targets, callers);
		laps.push(after.map((now, at) => since(before[at], now)));
		before = after;
	}
	return laps;
}

/** So far, of each target. */
function standing(targets: readonly Target[], callers: readonly Callers[]): Lap {
	return targets.map(({ pid }, at) => ({ requests: callers[at]?.answered ?? 0, gatewayUs: cpuTimeOf(pid) }));
}

function since(before: Lap[number] | undefined, now: Lap[number]): Lap[number] {
	return { requests: now.requests - (before?.requests ?? 0), gatewayUs: now.gatewayUs - (before?.gatewayUs ?? 0) };
}

function requestsIn(keyFile: string): Requests {
	const known = requestsOf.get(keyFile);
	if (known !== undefined) return known;
	const requests = new Requests(keyFile);
	requestsOf.set(keyFile, requests);
	return requests;
}

await answerJobs(measure);
process.exit();
