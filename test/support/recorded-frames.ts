/** Recordings byte for byte: what a client sent on each connection and what a real Ollama answered. */
import { readFileSync } from "node:fs";

import type { RawHead } from "./raw-client.ts";

export interface RecordedBytes {
	readonly sent: Buffer;
	readonly received: Buffer;
}

export interface RecordedConnection extends RecordedBytes {
	/** The answers on it, in order. */
	readonly responses: readonly RecordedResponse[];
}

export interface RecordedResponse extends RawHead {
	readonly body: Buffer;
	/** Null where the body was not chunked. */
	readonly chunks: readonly Buffer[] | null;
	/** False where the caller left before the end. */
	readonly complete: boolean;
}

const FOLDER = new URL("../fixtures/recordings/", import.meta.url);

export function recordedConnections(scenario: string): readonly RecordedConnection[] {
	return recordedBytes(scenario).map(({ sent, received }) => {
		const headOnly = sent.toString("latin1", 0, 5) === "HEAD ";
		return { sent, received, responses: responsesIn(received, () => headOnly) };
	});
}

export function recordedBytes(scenario: string): readonly RecordedBytes[] {
	const file: unknown = JSON.parse(readFileSync(new URL(`${scenario}.json`, FOLDER), "utf8"));
	return listIn(file, "connections").map((connection) => {
		const frames = listIn(connection, "frames");
		return { sent: bytesOf(frames, "c>s"), received: bytesOf(frames, "s>c") };
	});
}

function bytesOf(frames: readonly unknown[], direction: string): Buffer {
	const parts = frames.filter((frame): frame is unknown[] => Array.isArray(frame) && frame[1] === direction);
	return Buffer.concat(parts.map(([, , data]) => dataOf(data)));
}

function dataOf(data: unknown): Buffer {
	if (typeof data === "string") return Buffer.from(data, "utf8");
	if (typeof data === "object" && data !== null && "b64" in data && typeof data.b64 === "string") return Buffer.from(data.b64, "base64");
	throw new Error(`not a frame: ${JSON.stringify(data)}`);
}

function listIn(value: unknown, name: string): readonly unknown[] {
	const list: unknown = typeof value === "object" && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined;
	if (!Array.isArray(list)) throw new Error(`no list of ${name} in a recording`);
	return list;
}

/** `isHead` tells by its position whether an answer is one to HEAD, which has no body whatever its head says. */
export function responsesIn(bytes: Buffer, isHead: (position: number) => boolean): readonly RecordedResponse[] {
	const responses: RecordedResponse[] = [];
	for (let left = bytes; left.length > 0; ) {
		const end = left.indexOf("\r\n\r\n");
		if (end < 0) throw new Error(`a recorded answer without an end of its head: ${left.toString("latin1", 0, 80)}`);
		const head = headOf(left.toString("latin1", 0, end));
		const rest = left.subarray(end + 4);
		const field = (name: string) => head.headers.find(([each]) => each.toLowerCase() === name)?.[1];
		if (head.status < 200) {
			left = rest;
		} else if (field("transfer-encoding") === "chunked") {
			const { chunks, complete, used } = chunksIn(rest);
			responses.push({ ...head, body: Buffer.concat(chunks), chunks, complete });
			left = rest.subarray(used);
		} else {
			const length = isHead(responses.length) || head.status === 204 ? 0 : Number(field("content-length") ?? rest.length);
			responses.push({ ...head, body: rest.subarray(0, length), chunks: null, complete: rest.length >= length });
			left = rest.subarray(length);
		}
	}
	return responses;
}

function headOf(text: string): RawHead {
	const [statusLine = "", ...lines] = text.split("\r\n");
	const [version = "", status = "", ...reason] = statusLine.split(" ");
	const headers = lines.map((line): readonly [string, string] => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]);
	return { version, status: Number(status), reason: reason.join(" "), headers };
}

function chunksIn(bytes: Buffer): { chunks: Buffer[]; complete: boolean; used: number } {
	const chunks: Buffer[] = [];
	for (let at = 0; at < bytes.length; ) {
		const line = bytes.indexOf("\r\n", at);
		const size = Number.parseInt(bytes.toString("latin1", at, line), 16);
		const start = line + 2;
		if (size === 0) return { chunks, complete: true, used: start + 2 };
		chunks.push(bytes.subarray(start, start + size));
		at = start + size + 2;
	}
	return { chunks, complete: false, used: bytes.length };
}
