/** Dots while tests run, then what failed, then the counts: whoever reads the end of the output, a person or a script, finds the result there. */

import type { TestEvent } from "node:test/reporters";
import { dot } from "node:test/reporters";

export async function* reportTests(source: AsyncIterable<TestEvent>): AsyncGenerator<string, void> {
	let summary = "";
	async function* overheard(): AsyncGenerator<TestEvent, void> {
		for await (const event of source) {
			// One summary comes for each file and one, without a file, for the whole run.
			if (event.type === "test:summary" && event.data.file === undefined) {
				const { counts, duration_ms: durationMs } = event.data;
				if (counts.tests === 0) process.exitCode = 1;
				summary = summaryOf(counts, durationMs);
			}
			yield event;
		}
	}
	yield* dot(overheard());
	yield `\n${summary}`;
}

type Counts = Extract<TestEvent, { type: "test:summary" }>["data"]["counts"];

/** In the words of the runtime's own reporter. */
function summaryOf(counts: Counts, durationMs: number): string {
	const { tests, suites, passed, cancelled, skipped, todo } = counts;
	// The runtime counts failures; its published types forgot them.
	const fail = "failed" in counts ? counts.failed : "unknown";
	const none = tests === 0 ? "no test ran, which counts as a failure\n" : "";
	const lines = { tests, suites, pass: passed, fail, cancelled, skipped, todo, duration_ms: Math.round(durationMs) };
	return (
		none +
		Object.entries(lines)
			.map(([name, value]) => `ℹ ${name} ${String(value)}\n`)
			.join("")
	);
}

// The runtime takes a reporter from the default export alone.
export default reportTests;
