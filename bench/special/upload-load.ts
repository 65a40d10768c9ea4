/** Uploads one long file that lies on no disk: a well-formed header, then the same zeros again and again. */
import { Buffer } from "node:buffer";
import { once } from "node:events";
import net from "node:net";

import { ggufBytes } from "../../test/support/gguf-bytes.ts";
import { answerJobs } from "./jobs.ts";

export interface UploadJob {
	readonly port: number;
	readonly authorization: string;
	/** Of the file, header apart; a multiple of the piece. */
	readonly bytes: number;
}

export interface UploadResult {
	readonly seconds: number;
	/** How often the gateway made the caller wait. */
	readonly waits: number;
}

const PIECE = Buffer.alloc(1024 * 1024);
const CREATED = /^HTTP\/1\.1 20[01] /;

await answerJobs(upload);
process.exit();

async function upload({ port, authorization, bytes }: UploadJob): Promise<UploadResult> {
	// Four bytes an element: one tensor that fills the file.
	const header = ggufBytes({ tensors: [{ name: "t", dims: [BigInt(bytes / 4)], type: 0, offset: 0n }], data: Buffer.alloc(0) });
	const socket = net.connect({ port, host: "127.0.0.1", noDelay: true });
	const failed = Promise.withResolvers<never>();
	socket.on("error", failed.reject);
	await once(socket, "connect");
	const answered = once(socket, "data");
	answered.catch(() => undefined);
	socket.on("close", () => failed.reject(new Error("the gateway closed the connection")));
	const began = performance.now();
	socket.write(
		`POST /api/blobs/sha256-${"0".repeat(64)} HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\n` +
			`Content-Type: application/octet-stream\r\nContent-Length: ${header.length + bytes}\r\n\r\n`,
	);
	socket.write(header);
	let waits = 0;
	for (let sent = 0; sent < bytes; sent += PIECE.length) {
		if (socket.write(PIECE)) continue;
		waits += 1;
		// An answer in the middle of the upload is a refusal.
		await Promise.race([once(socket, "drain"), failed.promise, answered.then(([said]) => refuse(said))]);
	}
	const [said] = await Promise.race([answered, failed.promise]);
	if (!CREATED.test(String(said))) refuse(said);
	socket.removeAllListeners("close").destroy();
	return { seconds: (performance.now() - began) / 1_000, waits };
}

function refuse(said: unknown): never {
	throw new Error(`the upload was refused: ${String(said).slice(0, 400)}`);
}
