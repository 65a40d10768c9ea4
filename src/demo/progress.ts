/** Answers that report progress: one line for each step, an error as the last line of a 200; or, whole, only the outcome with its status. */
import { type Exchange, Refusal } from "./exchange.ts";
import { goJson } from "./go-json.ts";

export interface Progress {
	readonly status: string;
	readonly digest?: string;
	readonly total?: number;
	readonly completed?: number;
}

export async function progress({ reply, departed }: Exchange, steps: AsyncIterable<Progress>, streamed: boolean): Promise<void> {
	let last: Progress = { status: "" };
	reply.set("Content-Type", streamed ? "application/x-ndjson" : "application/json");
	try {
		for await (const step of steps) {
			if (departed.aborted) return;
			last = step;
			if (!streamed) continue;
			reply.write(`${goJson(step)}\n`);
			reply.flush();
			await reply.drained();
		}
		if (!streamed) reply.json(200, last);
	} catch (error) {
		if (!(error instanceof Refusal)) throw error;
		if (streamed && reply.written) {
			reply.write(`${goJson({ error: error.message })}\n`);
		} else {
			reply.set("Content-Type", "application/json");
			reply.error(error.status, error.message);
		}
	}
	if (streamed) reply.flush();
}
