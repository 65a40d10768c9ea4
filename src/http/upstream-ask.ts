/** A question of our own to an upstream: health, what is loaded, unloading a model. Small JSON in, small JSON out. */
import { Fault } from "../model/fault.ts";
import { requestHead } from "../wire/write.ts";
import type { UpstreamCall, UpstreamPool, UpstreamReceiver } from "./upstream-pool.ts";

export interface Answer {
	readonly status: number;
	readonly body: Buffer;
}

const ANSWER_BYTES = 16 * 1024 * 1024;

/** Rejects with a Fault where there was no whole answer within `timeoutMs`. */
export function ask(pool: UpstreamPool, method: "GET" | "POST", path: string, json: unknown, timeoutMs: number): Promise<Answer> {
	const body = json === undefined ? null : JSON.stringify(json);
	const fields: [string, string][] = [["host", pool.target.authority]];
	if (body !== null) fields.push(["content-type", "application/json"]);
	const head = requestHead(method, path, fields, body === null ? { kind: "none" } : { kind: "length", bytes: Buffer.byteLength(body) });
	return new Promise((resolve, reject) => {
		const pieces: Buffer[] = [];
		let status = 0;
		let length = 0;
		const fail = (fault: Fault): void => {
			clearTimeout(timer);
			reject(fault);
		};
		const receiver: UpstreamReceiver = {
			onConnected: () => undefined,
			onDrain: () => undefined,
			onFlush: () => undefined,
			onHead: (answer) => {
				status = answer.status;
			},
			onBody: (bytes) => {
				length += bytes.length;
				pieces.push(Buffer.from(bytes));
				if (length <= ANSWER_BYTES) return;
				call.cancel();
				fail(new Fault("upstream-malformed", `${path}: more than ${ANSWER_BYTES} bytes`));
			},
			onEnd: () => {
				clearTimeout(timer);
				resolve({ status, body: Buffer.concat(pieces) });
			},
			onFault: fail,
		};
		const call: UpstreamCall = pool.call({ method, head, body, replayable: true, firstByteMs: timeoutMs }, receiver);
		const timer = setTimeout(() => {
			call.cancel();
			reject(new Fault("upstream-timeout", `${path}: no answer within ${timeoutMs} ms`));
		}, timeoutMs);
	});
}
