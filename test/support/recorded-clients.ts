/** What real clients said, request by request and byte for byte, and what a real Ollama answered to each: the `client-*` recordings in order of time. */
import { readdirSync, readFileSync } from "node:fs";

import { type RecordedBytes, type RecordedResponse, recordedBytes, responsesIn } from "./recorded-frames.ts";

export interface ClientScenario {
	readonly name: string;
	readonly connections: readonly (readonly ClientExchange[])[];
}

export interface ClientExchange {
	readonly method: string;
	/** With its query. */
	readonly target: string;
	/** As sent, with the empty line. */
	readonly head: string;
	/** Null for an upload, whose bytes are not in the recording. */
	readonly body: Buffer | null;
	readonly response: RecordedResponse;
}

const FOLDER = new URL("../fixtures/recordings/", import.meta.url);

export function clientScenarios(): readonly ClientScenario[] {
	return readdirSync(FOLDER)
		.filter((file) => /^client-.*\.json$/.test(file))
		.map((file) => ({ name: file.replace(/\.json$/, ""), began: beganOf(readFileSync(new URL(file, FOLDER), "utf8")) }))
		.toSorted((one, other) => one.began.localeCompare(other.began))
		.map(({ name }) => ({ name, connections: recordedBytes(name).map(exchangesOf) }));
}

function beganOf(text: string): string {
	return /"began":\s*"([^"]+)"/.exec(text)?.[1] ?? "";
}

function exchangesOf({ sent, received }: RecordedBytes): readonly ClientExchange[] {
	const requests = requestsIn(sent);
	const responses = responsesIn(received, (position) => requests[position]?.method === "HEAD");
	return requests.map((request, position) => {
		const response = responses[position];
		if (response === undefined) throw new Error(`no answer to ${request.method} ${request.target} is in the recording`);
		return { ...request, response };
	});
}

type Request = Omit<ClientExchange, "response">;

/** Of honest clients only: every body has a length or is an upload in chunks. */
function requestsIn(sent: Buffer): readonly Request[] {
	const requests: Request[] = [];
	for (let left = sent; left.length > 0; ) {
		const end = left.indexOf("\r\n\r\n") + 4;
		if (end < 4) throw new Error(`not the head of a request: ${left.toString("latin1", 0, 80)}`);
		const head = left.toString("latin1", 0, end);
		const [method = "", target = ""] = head.split(" ", 2);
		const upload = /^transfer-encoding: chunked\r$/im.test(head);
		const length = Number(/^content-length: (\d+)\r$/im.exec(head)?.[1] ?? 0);
		requests.push({ method, target, head, body: upload ? null : left.subarray(end, end + length) });
		left = left.subarray(end + length);
	}
	return requests;
}
