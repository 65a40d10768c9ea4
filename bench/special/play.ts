/**
 * What a special workload wants the model to do: the caller writes it into its prompt, which every gateway passes on unchanged, and the upstream
 * reads it there. So one upstream serves all workloads, and the gateway under test needs no setting for it.
 */
import { Buffer } from "node:buffer";

export type Play =
	/** The first token at once, then one at each interval, and the closing record after so many. */
	| { readonly kind: "paced"; readonly everyMs: number; readonly tokens: number }
	/** As fast as it is taken, without an end. */
	| { readonly kind: "flood" }
	/** One token, and nothing more. */
	| { readonly kind: "held" }
	/** Nothing, not even a head. */
	| { readonly kind: "silent" };

const PACED = /"play paced (\d+) (\d+)"/;
const OTHER = /"play (flood|held|silent)"/;

export function chatRequest(play: Play, authorization: string | null): Buffer {
	const content = play.kind === "paced" ? `play paced ${play.everyMs} ${play.tokens}` : `play ${play.kind}`;
	const body = JSON.stringify({ model: "door:latest", messages: [{ role: "user", content }], stream: true });
	return Buffer.from(
		`POST /api/chat HTTP/1.1\r\nHost: localhost\r\n${authorization === null ? "" : `Authorization: ${authorization}\r\n`}` +
			`Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
	);
}

/** Null where the text asks for no play. */
export function playIn(request: string): Play | null {
	const paced = PACED.exec(request);
	if (paced !== null) return { kind: "paced", everyMs: Number(paced[1]), tokens: Number(paced[2]) };
	const kind = OTHER.exec(request)?.[1];
	return kind === "flood" || kind === "held" || kind === "silent" ? { kind } : null;
}
