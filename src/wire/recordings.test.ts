/** Strictness must not cost an honest caller: what real clients and a real Ollama said to each other is read, on both sides. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";

import { LIMITS, readRequests } from "../../test/support/read-parts.ts";
import { recordedBytes, responsesIn } from "../../test/support/recorded-frames.ts";
import { ResponseReader } from "./response-reader.ts";

const FOLDER = new URL("../../test/fixtures/recordings/", import.meta.url);

/** Sent on purpose by us, to see what another reader makes of it. */
const ODD = /^differential-(?:absolute-form|chunked|unclean-path)$/;
/** An address in the body was replaced by a shorter one, so the length is not that of the body any more. */
const REPLACED = /^error-cloud-model$/;

const scenarios = readdirSync(FOLDER)
	.filter((file) => file.endsWith(".json"))
	.map((file) => file.slice(0, -".json".length));

for (const scenario of scenarios) {
	if (!ODD.test(scenario)) {
		test(`reads what was sent in ${scenario}`, () => {
			for (const { sent } of recordedBytes(scenario)) {
				const read = readRequests([sent]);
				assert.notEqual(read.length, 0);
				assert.deepEqual(
					read.filter(({ kind }) => kind === "refused"),
					[],
				);
			}
		});
	}
	if (!REPLACED.test(scenario)) {
		test(`reads what was answered in ${scenario}`, () => {
			for (const { sent, received } of recordedBytes(scenario)) {
				const methods = readRequests([sent]).flatMap((part) => (part.kind === "head" ? [part.head.method] : []));
				const responses = responsesIn(received, (position) => methods[position] === "HEAD");
				const read = answersIn(received, methods);
				assert.deepEqual(
					read,
					responses.map(({ status, body, complete }) => ({ status, body: body.toString("latin1"), complete })),
				);
			}
		});
	}
}

/** Several answers on one connection, each by a reader of its own, as the upstream's connections do it. */
function answersIn(received: Buffer, methods: readonly string[]) {
	const answers: { status: number; body: string; complete: boolean }[] = [];
	for (let rest = received; rest.length > 0; ) {
		const reader = new ResponseReader(LIMITS, { requestMethod: methods[answers.length] ?? "GET" });
		reader.push(rest);
		const answer = { status: 0, body: "", complete: false };
		for (let part = reader.next(); part !== undefined; part = answer.complete ? undefined : reader.next()) {
			assert.notEqual(part.kind, "refused", JSON.stringify(part));
			if (part.kind === "head") answer.status = part.head.status;
			if (part.kind === "body") answer.body += part.bytes.toString("latin1");
			if (part.kind === "end") answer.complete = true;
		}
		// A body without a length ends with the connection.
		if (reader.eof().kind === "end") answer.complete = true;
		answers.push(answer);
		rest = rest.subarray(rest.length - reader.buffered);
	}
	return answers;
}
