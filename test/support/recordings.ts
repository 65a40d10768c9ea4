/** The recorded exchanges of `test/fixtures/recordings`, for tests of everything that reads Ollama's protocol. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

export interface Exchange {
	readonly scenario: string;
	readonly method: string;
	/** As sent, without the query. */
	readonly path: string;
	readonly contentType: string | undefined;
	readonly body: Buffer | null;
	readonly status: number;
	readonly answerType: string;
	readonly chunks: readonly Buffer[];
	/** Null where the body of the answer is not in the fixture. */
	readonly complete: boolean | null;
}

export function recordings(scenario: RegExp): readonly Exchange[] {
	const found = ALL.filter((exchange) => scenario.test(exchange.scenario));
	assert.ok(found.length > 0, `no recording matches ${scenario}`);
	return found;
}

const ALL: readonly Exchange[] = readFileSync(new URL("../fixtures/recordings/exchanges.jsonl", import.meta.url), "utf8")
	.trimEnd()
	.split("\n")
	.map((line) => read(JSON.parse(line)));

interface Line {
	readonly scenario: string;
	readonly method: string;
	readonly target: string;
	readonly contentType: string | null;
	readonly body: Bytes | null;
	readonly status: number;
	readonly answerType: string | null;
	readonly chunks: readonly Bytes[];
	readonly complete: boolean | null;
}

type Bytes = string | { readonly base64: string };

function read(line: Line): Exchange {
	const { scenario, method, status, complete } = line;
	return {
		scenario,
		method,
		path: line.target.split("?")[0] ?? "",
		contentType: line.contentType ?? undefined,
		body: line.body === null ? null : bytesOf(line.body),
		status,
		answerType: line.answerType ?? "",
		chunks: line.chunks.map(bytesOf),
		complete,
	};
}

function bytesOf(bytes: Bytes): Buffer {
	return typeof bytes === "string" ? Buffer.from(bytes, "utf8") : Buffer.from(bytes.base64, "base64");
}
