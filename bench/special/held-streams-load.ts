/** Holds many streams open, each on a connection of its own, and reads them or does not. */
import { readFileSync } from "node:fs";
import net from "node:net";
import tls from "node:tls";

import { answerJobs } from "./jobs.ts";
import { chatRequest, type Play } from "./play.ts";

export type HeldStreamsJob =
	| {
			readonly kind: "open";
			readonly count: number;
			readonly port: number;
			/** PEM file of the certificate to trust; null for clear text. */
			readonly trusted: string | null;
			readonly authorization: string;
			readonly play: Play;
			/** Whether any byte of the answer is read. */
			readonly read: boolean;
	  }
	| { readonly kind: "close" };

export interface HeldStreamsResult {
	readonly open: number;
}

/** So many at a time knock at the door. */
const AT_ONCE = 50;
const sockets: net.Socket[] = [];

await answerJobs(perform);
process.exit();

async function perform(job: HeldStreamsJob): Promise<HeldStreamsResult> {
	if (job.kind === "close") {
		for (const socket of sockets.splice(0)) socket.destroy();
		return { open: 0 };
	}
	const { count, port, trusted, authorization, play, read } = job;
	const request = chatRequest(play, authorization);
	const ca = trusted === null ? null : readFileSync(trusted);
	const openOne = (): Promise<void> => {
		const { promise, resolve, reject } = Promise.withResolvers<void>();
		const socket =
			ca === null
				? net.connect({ port, host: "127.0.0.1", noDelay: true })
				: tls.connect({ port, host: "127.0.0.1", ca, servername: "localhost", ALPNProtocols: ["http/1.1"] });
		sockets.push(socket);
		socket.on("error", reject).on("close", () => reject(new Error("the gateway closed a stream")));
		socket.once(ca === null ? "connect" : "secureConnect", () => {
			if (read)
				socket.once("data", (bytes) => (bytes.includes(" 200 ") ? resolve() : reject(new Error(bytes.toString("latin1"))))).resume();
			else socket.pause();
			socket.write(request, () => {
				if (!read) resolve();
			});
		});
		return promise;
	};
	let opened = 0;
	const openInTurn = async (): Promise<void> => {
		while (opened < count) {
			opened += 1;
			await openOne();
		}
	};
	await Promise.all(Array.from({ length: AT_ONCE }, openInTurn));
	return { open: sockets.filter((socket) => !socket.destroyed).length };
}
