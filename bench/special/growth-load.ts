/**
 * Callers of whom every fifth leaves before its answer is whole: in the head, in the body, while it waits, in the middle of a stream.
 *
 * Half of those who leave say so with a FIN and half with a reset. Whoever stays checks that its answer came to its end.
 */
import { Buffer } from "node:buffer";
import { once } from "node:events";
import net from "node:net";

import { AnswerReader } from "../answer-reader.ts";
import { answerJobs } from "./jobs.ts";
import { chatRequest } from "./play.ts";

export interface GrowthJob {
	readonly port: number;
	readonly authorization: string;
	readonly requests: number;
	readonly callers: number;
}

export interface GrowthResult {
	readonly completed: number;
	readonly aborted: number;
}

const ABORT_EVERY = 5;
const WHOLE_BODY = JSON.stringify({ model: "door:latest", messages: [{ role: "user", content: "who is there?" }], stream: false });

/** What a caller does before it leaves: bytes to send, and whether the first byte of the answer is waited for. */
interface Departure {
	readonly sent: Buffer;
	readonly afterFirstByte: boolean;
}

async function run({ port, authorization, requests, callers }: GrowthJob): Promise<GrowthResult> {
	const whole = wholeRequest(authorization);
	const stream = chatRequest({ kind: "paced", everyMs: 1, tokens: 3 }, authorization);
	const departures: readonly Departure[] = [
		{ sent: chatRequest({ kind: "silent" }, authorization), afterFirstByte: false },
		{ sent: chatRequest({ kind: "held" }, authorization), afterFirstByte: true },
		{ sent: whole.subarray(0, whole.length - 10), afterFirstByte: false },
		{ sent: whole.subarray(0, 40), afterFirstByte: false },
	];
	let begun = 0;
	let [completed, aborted] = [0, 0];
	const caller = async (): Promise<void> => {
		let connection: Connection | null = null;
		while (begun < requests) {
			const turn = begun;
			begun += 1;
			connection ??= await Connection.open(port);
			if (turn % ABORT_EVERY !== 0) {
				await connection.ask(turn % 4 === 1 ? stream : whole);
				completed += 1;
				continue;
			}
			const departure = departures[(turn / ABORT_EVERY) % departures.length];
			if (departure === undefined) continue;
			await connection.leave(departure, turn % 2 === 0);
			connection = null;
			aborted += 1;
		}
		connection?.destroy();
	};
	await Promise.all(Array.from({ length: callers }, caller));
	return { completed, aborted };
}

class Connection {
	readonly #socket: net.Socket;
	#reader: AnswerReader | null = null;
	#done: { resolve: () => void; reject: (error: Error) => void } | null = null;

	private constructor(socket: net.Socket) {
		this.#socket = socket;
		socket.on("data", (bytes: Buffer) => {
			try {
				if (this.#reader?.push(bytes) === true) this.#done?.resolve();
			} catch (error) {
				this.#done?.reject(error instanceof Error ? error : new Error(String(error)));
			}
		});
		socket.on("error", (error) => this.#done?.reject(error));
		socket.on("close", () => this.#done?.reject(new Error("the gateway closed the connection")));
	}

	static async open(port: number): Promise<Connection> {
		const socket = net.connect({ port, host: "127.0.0.1", noDelay: true });
		await once(socket, "connect");
		return new Connection(socket);
	}

	/** Resolves when the answer is whole. */
	ask(request: Buffer): Promise<void> {
		return this.#say(request, (resolve) => new AnswerReader(() => resolve), false);
	}

	async leave({ sent, afterFirstByte }: Departure, withReset: boolean): Promise<void> {
		if (afterFirstByte) await this.#say(sent, (resolve) => new AnswerReader(resolve), true);
		else await new Promise<void>((resolve) => this.#socket.write(sent, () => resolve()));
		this.#done = null;
		if (withReset) this.#socket.resetAndDestroy();
		else this.#socket.destroy();
	}

	destroy(): void {
		this.#done = null;
		this.#socket.destroy();
	}

	#say(request: Buffer, readerOf: (resolve: () => void) => AnswerReader, early: boolean): Promise<void> {
		return new Promise((resolve, reject) => {
			this.#done = { resolve, reject };
			this.#reader = readerOf(early ? resolve : () => undefined);
			this.#socket.write(request);
		});
	}
}

function wholeRequest(authorization: string): Buffer {
	const fields = `Host: localhost\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\nContent-Length: ${WHOLE_BODY.length}`;
	return Buffer.from(`POST /api/chat HTTP/1.1\r\n${fields}\r\n\r\n${WHOLE_BODY}`);
}

// Last: a class is there only below its definition.
await answerJobs(run);
process.exit();
