/**
 * How the identity provider of people who administer is asked: one bounded answer, from where the configuration or its discovery document says, and from nowhere else.
 *
 *  - No redirect is followed, so that an answer cannot send the client's secret or a code elsewhere.
 *  - Certificates are checked, against the operator's authorities where some are named; there is no switch for that.
 *  - An answer is bounded in bytes, and the question in time, whatever the provider does in between.
 */
import { type IncomingMessage, request as requestInClear } from "node:http";
import { request } from "node:https";

const ANSWER_BYTES_MAX = 512 * 1024;
const TIMEOUT_MS = 10_000;

export interface ProviderQuestion {
	readonly method: string;
	readonly headers: Readonly<Record<string, string>>;
	/** Null for none. */
	readonly body: string | null;
}

/** `authorities`: PEM; null for those of the system. Rejects where no whole answer came. */
export function askProvider(url: URL, { method, headers, body }: ProviderQuestion, authorities: string | null): Promise<Response> {
	const signal = AbortSignal.timeout(TIMEOUT_MS);
	const { promise, resolve, reject } = Promise.withResolvers<Response>();
	const answered = (answer: IncomingMessage): void => void responseOf(answer).then(resolve, reject);
	const length = body === null ? {} : { "content-length": String(Buffer.byteLength(body)) };
	// Connections are not kept: people sign in a few times a day.
	const options = { method, headers: { ...headers, ...length, "accept-encoding": "identity" }, signal, agent: false } as const;
	const asked =
		url.protocol === "https:"
			? request(url, authorities === null ? options : { ...options, ca: authorities }, answered)
			: requestInClear(url, options, answered);
	asked.on("error", reject);
	asked.end(body ?? undefined);
	return promise;
}

async function responseOf(answer: IncomingMessage): Promise<Response> {
	const pieces: Buffer[] = [];
	let bytes = 0;
	for await (const piece of answer) {
		if (!Buffer.isBuffer(piece)) continue;
		bytes += piece.length;
		if (bytes > ANSWER_BYTES_MAX) throw new Error(`the provider's answer has more than ${ANSWER_BYTES_MAX} bytes`);
		pieces.push(piece);
	}
	if (!answer.complete) throw new Error("the provider's answer broke off");
	const headers = new Headers();
	for (const name of ["content-type", "www-authenticate"] as const) {
		const value = answer.headers[name];
		if (value !== undefined) headers.set(name, value);
	}
	const status = answer.statusCode ?? 0;
	// Response refuses a body with these, and statuses outside of what HTTP has.
	const bodiless = status === 204 || status === 205 || status === 304;
	if (status < 200 || status > 599) throw new Error(`the provider answered with status ${status}`);
	return new Response(bodiless ? null : Buffer.concat(pieces), { status, headers });
}
