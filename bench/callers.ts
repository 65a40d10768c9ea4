/**
 * Callers on raw sockets: each holds one connection and has one request running on it at any time.
 *
 *  - Anything but the right answer, whole, in its time, rejects the run: a refused or broken request must not count as a cheap one.
 *  - Callers share one tally, so that counting is an addition and reading it is one look.
 */
import type { Buffer } from "node:buffer";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import net from "node:net";
import tls from "node:tls";

import { AnswerReader } from "./answer-reader.ts";
import type { Job } from "./measurement.ts";
import { isRightAnswer, PLAYS, requestBytes, STREAM_SCRIPTS, type StreamDialect } from "./scripted.ts";
import { StreamCount } from "./stream-count.ts";

/** What all callers of a run have seen so far. */
export class Tally {
	units = 0;
	/** Streams that have at least one token. */
	begun = 0;
	/** Callers that will send nothing more. */
	ended = 0;
	waitsMs: number[] = [];
}

export class Run {
	readonly tally = new Tally();
	readonly #job: Job;
	readonly #tokens: number;
	readonly #sockets: net.Socket[] = [];
	readonly #failed: Promise<never>;
	#fail: (error: Error) => void = () => undefined;
	#stopping = false;

	/** `tokens` is the length of each stream. */
	constructor(job: Job, tokens: number) {
		this.#job = job;
		this.#tokens = tokens;
		this.#failed = new Promise((_resolve, reject) => {
			this.#fail = reject;
		});
		// A failure is seen at the next `orFailed`; until then it is nobody's unhandled rejection.
		this.#failed.catch(() => undefined);
	}

	async start(): Promise<void> {
		const { connections, workload, authorization, fields } = this.#job;
		const { stream } = PLAYS[workload];
		const request = requestBytes(workload, authorization, this.#tokens, fields);
		const opened = Array.from({ length: connections }, () => this.#open());
		await this.orFailed(Promise.all(opened.map((socket) => once(socket, this.#job.trusted === null ? "connect" : "secureConnect"))));
		for (const socket of opened) {
			if (stream === null) this.#callAgainAndAgain(socket, request);
			else this.#readStreams(socket, request, stream);
		}
	}

	/** Lets callers finish what they have begun and send nothing more. */
	stop(): void {
		this.#stopping = true;
	}

	close(): void {
		this.#stopping = true;
		for (const socket of this.#sockets) socket.destroy();
	}

	orFailed<T>(promise: Promise<T>): Promise<T> {
		return Promise.race([promise, this.#failed]);
	}

	#open(): net.Socket {
		const { host, port, trusted } = this.#job;
		const socket =
			trusted === null
				? net.connect({ host, port, noDelay: true })
				: tls.connect({ host, port, ca: readFileSync(trusted), servername: "localhost", ALPNProtocols: ["http/1.1"] }).setNoDelay(true);
		socket.on("error", (error) => this.#fail(error));
		socket.on("close", () => this.#fail(new Error("the proxy closed a connection")));
		this.#sockets.push(socket);
		return socket;
	}

	#callAgainAndAgain(socket: net.Socket, request: Buffer): void {
		const { tally } = this;
		const { workload, rewritten } = this.#job;
		let body = "";
		let right: string | null = null;
		let sentAt = performance.now();
		const reader = new AnswerReader((bytes) => {
			body += bytes.toString("latin1");
		});
		this.#onData(socket, (bytes) => {
			if (!reader.push(bytes)) return;
			const now = performance.now();
			tally.units += 1;
			tally.waitsMs.push(now - sentAt);
			if (body !== right) {
				// Who writes answers anew may write each differently; from the others every one is the same bytes.
				if ((right !== null && !rewritten) || !isRightAnswer(workload, body, rewritten)) {
					throw new Error(`a wrong answer: ${body.slice(0, 400)}`);
				}
				right = body;
			}
			body = "";
			if (this.#stopping) {
				tally.ended += 1;
				return;
			}
			sentAt = now;
			socket.write(request);
		});
		socket.write(request);
	}

	/** A paced stream is longer than the run and the only one of its caller; unpaced ones follow one another. */
	#readStreams(socket: net.Socket, request: Buffer, dialect: StreamDialect): void {
		const { tally } = this;
		const { paced } = PLAYS[this.#job.workload];
		const count = new StreamCount(STREAM_SCRIPTS[dialect], this.#tokens, this.#job.rewritten);
		let readAt = 0;
		const reader = new AnswerReader((bytes) => {
			if (!count.begun) tally.begun += 1;
			tally.units += count.take(bytes);
		});
		this.#onData(socket, (bytes) => {
			const now = performance.now();
			if (readAt !== 0) tally.waitsMs.push(now - readAt);
			readAt = now;
			if (!reader.push(bytes)) return;
			count.end();
			if (paced || this.#stopping) tally.ended += 1;
			else socket.write(request);
		});
		socket.write(request);
	}

	#onData(socket: net.Socket, take: (bytes: Buffer) => void): void {
		socket.on("data", (bytes: Buffer) => {
			try {
				take(bytes);
			} catch (error) {
				this.#fail(error instanceof Error ? error : new Error(String(error)));
				socket.destroy();
			}
		});
	}
}
