/**
 * Asks a server that the operator named for a small document.
 *
 *  - One answer, whole, within its time and size, or an error. No redirect is followed: where to go is the operator's to say.
 *  - Certificates are checked, against the system's authorities or the given ones; there is no switch for that.
 *  - Connections are kept for the next question, and few.
 */
import { Agent as ClearAgent, type IncomingMessage, request as requestInClear } from "node:http";
import { Agent, request } from "node:https";

import type { DocumentAnswer, DocumentQuestion, DocumentSource } from "../ports/document-source.ts";

const CONNECTIONS = 16;
const IDLE_MS = 30_000;

export class DocumentClient implements DocumentSource {
	readonly #encrypted: Agent;
	readonly #clear: ClearAgent;

	/** `authorities`: PEM of those that are trusted instead of the system's; null for the system's. */
	constructor(authorities: string | null) {
		const shared = { keepAlive: true, maxSockets: CONNECTIONS, maxFreeSockets: 2, timeout: IDLE_MS };
		this.#encrypted = new Agent(authorities === null ? shared : { ...shared, ca: authorities });
		this.#clear = new ClearAgent(shared);
	}

	async ask(question: DocumentQuestion): Promise<DocumentAnswer> {
		const deadline = AbortSignal.timeout(question.timeoutMs);
		try {
			return await this.#askOnce(question, deadline).catch((error: unknown) => {
				// A kept connection may be closed by the other side at the moment it is used. Nothing that is asked here changes anything.
				if (!(error instanceof KeptConnectionLost) || deadline.aborted) throw error;
				return this.#askOnce(question, deadline);
			});
		} catch (error) {
			throw deadline.aborted ? new Error(`no answer within ${question.timeoutMs} ms`, { cause: error }) : error;
		}
	}

	#askOnce({ url, form, authorization, mostBytes }: DocumentQuestion, signal: AbortSignal): Promise<DocumentAnswer> {
		const body = form === null ? null : new URLSearchParams(form).toString();
		const headers: Record<string, string> = { accept: "application/json", "user-agent": "rempart" };
		if (authorization !== null) headers["authorization"] = authorization.reveal();
		if (body !== null) {
			headers["content-type"] = "application/x-www-form-urlencoded";
			headers["content-length"] = String(Buffer.byteLength(body));
		}
		const options = { method: body === null ? "GET" : "POST", headers, signal };
		return new Promise((resolve, reject) => {
			const answered = (answer: IncomingMessage): void => collect(answer, mostBytes, resolve, reject);
			const asking = url.startsWith("https:")
				? request(url, { ...options, agent: this.#encrypted }, answered)
				: requestInClear(url, { ...options, agent: this.#clear }, answered);
			asking.on("error", (error) =>
				reject(
					asking.reusedSocket && "code" in error && error.code === "ECONNRESET" ? new KeptConnectionLost("lost", { cause: error }) : error,
				),
			);
			asking.end(body ?? undefined);
		});
	}

	close(): void {
		this.#encrypted.destroy();
		this.#clear.destroy();
	}
}

class KeptConnectionLost extends Error {}

function collect(
	answer: IncomingMessage,
	mostBytes: number,
	resolve: (answer: DocumentAnswer) => void,
	failed: (error: Error) => void,
): void {
	const pieces: Buffer[] = [];
	let length = 0;
	answer.on("data", (piece: Buffer) => {
		length += piece.length;
		pieces.push(piece);
		if (length > mostBytes) answer.destroy(new Error(`an answer of more than ${mostBytes} bytes`));
	});
	answer.on("error", failed);
	answer.on("end", () => {
		if (answer.complete) resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(pieces) });
		else failed(new Error("the answer broke off"));
	});
}
