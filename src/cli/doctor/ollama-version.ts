/** Asks a server for its version as Ollama would tell it. Not with `fetch`, which refuses a list of ports that an operator may well use. */
import { type IncomingMessage, request as requestClear } from "node:http";
import { request as requestTls } from "node:https";

const ANSWER_MS = 3000;
const ANSWER_BYTES_MAX = 64 * 1024;

export interface VersionAnswer {
	readonly status: number;
	/** Null where the answer is not Ollama's. */
	readonly version: string | null;
}

/** Rejects where there is no answer in time. */
export async function askVersion(upstream: string): Promise<VersionAnswer> {
	const url = new URL("/api/version", upstream);
	const request = url.protocol === "https:" ? requestTls : requestClear;
	const answer = await new Promise<IncomingMessage>((resolve, reject) => {
		const sent = request(url, { agent: false, signal: AbortSignal.timeout(ANSWER_MS), headers: { connection: "close" } }, resolve);
		sent.once("error", (error) =>
			reject(error.name === "AbortError" || error.name === "TimeoutError" ? new Error("no answer in time", { cause: error }) : error),
		);
		sent.end();
	});
	let text = "";
	for await (const chunk of answer.setEncoding("utf8")) {
		text += String(chunk);
		if (text.length > ANSWER_BYTES_MAX) break;
	}
	return { status: answer.statusCode ?? 0, version: /^\s*\{\s*"version"\s*:\s*"([\w.+-]{1,40})"/.exec(text)?.[1] ?? null };
}
