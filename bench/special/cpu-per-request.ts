/** CPU time of a gateway per short request, in µs, over one window. */
import type { Child } from "../children.ts";
import { perform } from "./jobs.ts";
import type { ShortJob, ShortResult } from "./short-load.ts";

const TRIES = 3;
const SLACK_MS = 60_000;

/** A window in which nothing was answered says nothing, and is tried again: on a machine whose disk others keep busy, a commit can take that long. */
export async function cpuPerRequest(load: Child, job: ShortJob): Promise<number> {
	for (let tries = 0; tries < TRIES; tries += 1) {
		const { requests, gatewayUs } = await perform<ShortJob, ShortResult>(load, job, job.warmUpMs + job.windowMs + SLACK_MS);
		if (requests > 0) return gatewayUs / requests;
	}
	throw new Error(`no request was answered in ${TRIES} windows of ${job.windowMs} ms`);
}
