/** HTTP to the admin API, over the socket on this machine or as somebody who is signed in elsewhere: one request, one answer, JSON both ways. */
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { request as requestEncrypted } from "node:https";

import { KEY_PROBLEMS, type KeyProblem } from "../keys/key-problem.ts";
import { HintedError } from "../std/hinted-error.ts";
import type { RemoteReach } from "./remote/reach.ts";

/** Verifying a long log takes minutes; everything else is quick. */
const ANSWER_TIMEOUT_MS = 600_000;
const ANSWER_BYTES_MAX = 256 * 1024 * 1024;

export class SocketClient {
	readonly #reach: string | RemoteReach;

	/** The path of a socket, or a server elsewhere. */
	constructor(reach: string | RemoteReach) {
		this.#reach = reach;
	}

	get<T>(path: string): Promise<T> {
		return this.#ask<T>("GET", path, undefined);
	}

	post<T>(path: string, body: object = {}): Promise<T> {
		return this.#ask<T>("POST", path, body);
	}

	/** One JSON object a line, until `signal` ends it. Throws a HintedError where the server does. */
	async *lines<T>(path: string, signal: AbortSignal): AsyncGenerator<T> {
		const answer = await this.#send("GET", path, undefined, 0);
		if (answer.statusCode !== 200) throw refusal(await textOf(answer));
		// A generator that waits for the next line hears nothing else; the end of the connection wakes it.
		signal.addEventListener("abort", () => answer.destroy(), { once: true });
		if (signal.aborted) return;
		let broken: unknown = null;
		try {
			for await (const line of linesOf(answer)) yield parsed<T>(line);
		} catch (error) {
			broken = error;
		} finally {
			answer.destroy();
		}
		if (signal.aborted) return;
		throw new HintedError("the server ended the stream", "it may have stopped; look with: rempart doctor", { cause: broken });
	}

	async #ask<T>(method: string, path: string, body: object | undefined): Promise<T> {
		const answer = await this.#send(method, path, body, ANSWER_TIMEOUT_MS);
		const text = await textOf(answer);
		if ((answer.statusCode ?? 0) >= 400) throw refusal(text);
		return parsed<T>(text);
	}

	#send(method: string, path: string, body: object | undefined, timeout: number): Promise<IncomingMessage> {
		return new Promise((resolve, reject) => {
			const content = body === undefined ? {} : { "content-type": "application/json" };
			const sent = this.#request({ method, path, timeout }, content, resolve);
			sent.once("timeout", () => sent.destroy(new Error("no answer in time")));
			sent.once("error", (cause) =>
				reject(
					typeof this.#reach === "string"
						? new HintedError(`the running server did not answer on ${this.#reach}: ${cause.message}`, "look at it with: rempart doctor", {
								cause,
							})
						: new HintedError(`${this.#reach.origin} did not answer: ${cause.message}`, hintFor(cause), { cause }),
				),
			);
			sent.end(body === undefined ? undefined : JSON.stringify(body));
		});
	}

	#request(
		what: { readonly method: string; readonly path: string; readonly timeout: number },
		content: Readonly<Record<string, string>>,
		answered: (answer: IncomingMessage) => void,
	): ClientRequest {
		if (typeof this.#reach === "string") {
			return request({ ...what, socketPath: this.#reach, headers: { ...content, host: "localhost" } }, answered);
		}
		const { origin, token, authorities } = this.#reach;
		const authorization = token === null ? {} : { authorization: `Bearer ${token.reveal()}` };
		const options = { ...what, headers: { ...content, ...authorization } };
		const url = new URL(what.path, origin);
		if (url.protocol === "http:") return request(url, options, answered);
		return requestEncrypted(url, authorities === null ? options : { ...options, ca: authorities }, answered);
	}
}

/** Which authority is meant, nobody can guess; that it is one, the error says. */
function hintFor(cause: Error): string {
	const code = "code" in cause ? String(cause.code) : "";
	if (/CERT|SIGNATURE|ISSUER/.test(code)) return "name the PEM file of its authority when you sign in: rempart login --ca FILE";
	return "check the address, and that the server runs";
}

/** The server said no: a problem of keys as such, anything else as an error with its hint. */
export class Refused extends HintedError {
	/** Of the problem document; "" where the answer was none. */
	readonly code: string;
	/** Null where it is no matter of keys. */
	readonly problem: KeyProblem | null;

	constructor(message: string, hint: string, code: string, problem: KeyProblem | null) {
		super(message, hint);
		this.code = code;
		this.problem = problem;
	}
}

interface ProblemDocument {
	readonly code?: string;
	readonly title?: string;
	readonly detail?: string;
	readonly hint?: string;
	readonly problems?: readonly string[];
}

function refusal(text: string): Refused {
	const { code = "", title = "the server refused", detail, hint = "run: rempart doctor", problems = [] } = parsed<ProblemDocument>(text);
	const message = [detail ?? title, ...problems].join("; ");
	const known = KEY_PROBLEMS.find((candidate) => candidate === code);
	return new Refused(message, hint, code, known === undefined ? null : { code: known, message, hint });
}

/** Not `node:readline`, whose iterator sleeps on when its input is destroyed. */
async function* linesOf(answer: IncomingMessage): AsyncGenerator<string> {
	let rest = "";
	for await (const chunk of answer.setEncoding("utf8")) {
		const [first = "", ...others] = String(chunk).split("\n");
		if (others.length === 0) {
			rest += first;
			continue;
		}
		yield rest + first;
		rest = others.pop() ?? "";
		yield* others;
	}
}

async function textOf(answer: IncomingMessage): Promise<string> {
	const chunks: Buffer[] = [];
	let bytes = 0;
	for await (const chunk of answer) {
		if (!Buffer.isBuffer(chunk)) continue;
		bytes += chunk.length;
		if (bytes > ANSWER_BYTES_MAX) throw new HintedError("the server's answer is too long to show", "ask for less, with --limit or --since");
		chunks.push(chunk);
	}
	return Buffer.concat(chunks).toString("utf8");
}

function parsed<T>(text: string): T {
	try {
		// The other side is our own program, behind a socket that only this user can open or behind a certificate that is vouched for: its answers have
		// the form that its types say.
		return JSON.parse(text) as T;
	} catch (cause) {
		throw new HintedError("the running server's answer is not JSON", "is it a Rempart of this version? compare: rempart --version", {
			cause,
		});
	}
}
