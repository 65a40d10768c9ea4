/** CPU time of a gateway over windows of short requests. */
import type { Child } from "../children.ts";
import { perform } from "./jobs.ts";
import type { ShortJob, ShortResult } from "./short-load.ts";

const TRIES = 3;
const SLACK_MS = 60_000;

/** A window in which nothing was answered says nothing, and is tried again: on a machine whose disk others keep busy, a commit can take that long. */
export async function measured(load: Child, job: ShortJob): Promise<ShortResult> {
	for (let tries = 0; tries < TRIES; tries += 1) {
		const result = await perform<ShortJob, ShortResult>(load, job, job.warmUpMs + job.windowMs + SLACK_MS);
		if (result.requests > 0) return result;
	}
	throw new Error(`no request was answered in ${TRIES} windows of ${job.windowMs} ms`);
}

/** In µs. */
export function cpuPerRequest({ gatewayUs, requests }: ShortResult): number {
	return gatewayUs / requests;
}
