/** Jobs for a process of the bench: one line of JSON each way. Both ends of a line are this folder's, and typed alike. */
import { createInterface } from "node:readline";

import type { Child } from "../children.ts";

type Reply<Result> = { readonly result: Result } | { readonly error: string };

/** Resolves when standard input ends, which is how a process is told that whoever started it has gone. */
export async function answerJobs<Job, Result>(perform: (job: Job) => Promise<Result>): Promise<void> {
	for await (const line of createInterface({ input: process.stdin })) {
		// The only writer of these lines is `perform` below.
		const job = JSON.parse(line) as Job;
		const reply: Reply<Result> = await perform(job).then(
			(result) => ({ result }),
			(error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }),
		);
		process.stdout.write(`${JSON.stringify(reply)}\n`);
	}
}

/** Rejects with what the other process said where the job failed. */
export async function perform<Job, Result>(child: Child, job: Job, timeoutMs: number): Promise<Result> {
	child.send(JSON.stringify(job));
	// The only writer of these lines is `answerJobs` above.
	const reply = JSON.parse(await child.nextLine(timeoutMs)) as Reply<Result>;
	if ("error" in reply) throw new Error(reply.error);
	return reply.result;
}
