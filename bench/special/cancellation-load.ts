/**
 * Callers who leave, and the upstream that sees them go: both in one process, so that one clock says how long it took.
 *
 *  - Prints the ports of two upstreams: one that plays, and one that takes connections and says nothing, not even to a TLS handshake.
 *  - Each departure is one at a time and its phase is certain: the upstream has the request, the caller has the first bytes, and so on.
 */
import { Buffer } from "node:buffer";
import { once } from "node:events";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { ggufBytes } from "../../test/support/gguf-bytes.ts";
import { AdminAsk } from "./admin-ask.ts";
import type { CancellationJob, CancellationResult } from "./cancellation-phases.ts";
import { answerJobs } from "./jobs.ts";
import { chatRequest } from "./play.ts";
import { startPlayedUpstream, Visit } from "./played-upstream.ts";

/** Bytes a second of an upload: slow enough to be in its middle, fast enough that the caller's FIN does not stand behind much. */
const UPLOAD_RATE = 64 * 1024 * 1024;
const UPLOAD_PIECE = Buffer.alloc(16 * 1024);
const UPLOAD_BYTES = 4 * 1024 * 1024 * 1024;
const UPLOAD_PIECES = 20;
/** So that departures do not fall into step with the gateway's sweeps and commits. */
const PAUSES_MS = [11, 3, 29, 17, 5, 23];

/** Whoever waits for the next visitor of an upstream. */
class Arrivals {
	#take: ((visit: Visit) => void) | null = null;

	arrived(visit: Visit): void {
		const take = this.#take;
		this.#take = null;
		take?.(visit);
	}

	next(): Promise<Visit> {
		return new Promise((resolve) => {
			this.#take = resolve;
		});
	}
}

const requests = new Arrivals();
const handshakes = new Arrivals();
const upstream = await startPlayedUpstream({
	uploadBytesPerSecond: UPLOAD_RATE,
	onRequest: (start, visit) => {
		if (start.startsWith("POST ")) requests.arrived(visit);
	},
});
const silent = net.createServer((socket) => {
	socket.on("error", () => socket.destroy());
	handshakes.arrived(new Visit(socket));
	socket.resume();
});
silent.listen(0, "127.0.0.1");
await once(silent, "listening");
const silentAddress = silent.address();
process.stdout.write(
	`${JSON.stringify({ port: upstream.port, silentPort: typeof silentAddress === "object" ? silentAddress?.port : null })}\n`,
);
await answerJobs(run);
process.exit();

async function run(job: CancellationJob): Promise<CancellationResult> {
	const admin = new AdminAsk(job.adminSocket);
	const holder = job.phase === "queued" ? await holdRoom(job) : null;
	const tookMs: number[] = [];
	for (let time = 0; time < job.times; time += 1) {
		await sleep(PAUSES_MS[time % PAUSES_MS.length] ?? 0);
		tookMs.push(await departAt(job, admin));
	}
	holder?.destroy();
	admin.close();
	return { tookMs };
}

async function departAt(job: CancellationJob, admin: AdminAsk): Promise<number> {
	const caller = net.connect({ port: job.port, host: "127.0.0.1", noDelay: true });
	await once(caller, "connect");
	switch (job.phase) {
		case "connecting": {
			const visiting = handshakes.next();
			caller.write(chatRequest({ kind: "silent" }, job.authorization));
			return await leave(caller, await visiting);
		}
		case "waiting": {
			const visiting = requests.next();
			caller.write(chatRequest({ kind: "silent" }, job.authorization));
			return await leave(caller, await visiting);
		}
		case "streaming": {
			const visiting = requests.next();
			caller.write(chatRequest({ kind: "paced", everyMs: 25, tokens: 10_000 }, job.authorization));
			// The head, and a token after it.
			await once(caller, "data");
			await once(caller, "data");
			return await leave(caller, await visiting);
		}
		case "uploading": {
			const visiting = requests.next();
			await beginUpload(caller, job.authorization);
			return await leave(caller, await visiting);
		}
		case "queued": {
			caller.write(chatRequest({ kind: "silent" }, job.authorization));
			while ((await admin.load()).queued === 0) await sleep(1);
			const leftAt = performance.now();
			caller.destroy();
			while ((await admin.load()).queued > 0);
			return performance.now() - leftAt;
		}
	}
}

async function leave(caller: net.Socket, { ended }: Visit): Promise<number> {
	const leftAt = performance.now();
	caller.destroy();
	return (await ended) - leftAt;
}

async function beginUpload(caller: net.Socket, authorization: string): Promise<void> {
	const header = ggufBytes({ tensors: [{ name: "t", dims: [BigInt(UPLOAD_BYTES / 4)], type: 0, offset: 0n }], data: Buffer.alloc(0) });
	caller.write(
		`POST /api/blobs/sha256-${"0".repeat(64)} HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\n` +
			`Content-Length: ${header.length + UPLOAD_BYTES}\r\n\r\n`,
	);
	caller.write(header);
	for (let piece = 0; piece < UPLOAD_PIECES; piece += 1) {
		await new Promise<void>((resolve) => caller.write(UPLOAD_PIECE, () => resolve()));
		await sleep(1);
	}
}

/** The one place that the gateway has; whoever comes next has to wait. */
async function holdRoom({ port, authorization }: CancellationJob): Promise<net.Socket> {
	const holder = net.connect({ port, host: "127.0.0.1", noDelay: true });
	await once(holder, "connect");
	const visiting = requests.next();
	holder.write(chatRequest({ kind: "silent" }, authorization));
	await visiting;
	return holder;
}
