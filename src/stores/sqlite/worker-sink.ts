import { invariant } from "../../std/invariant.ts";

import type { BlockSink } from "./group-commit-log.ts";
import type { WorkerLink } from "./worker-link.ts";

/** Hands blocks and queries to the store worker. */
export function workerSink(link: WorkerLink): BlockSink {
	return {
		async commit(block, sealAt) {
			const reply = await link.ask({ kind: "commit", block, sealAt });
			invariant(reply.kind === "committed", "a commit is answered by its outcome");
			return reply;
		},
		async find(query) {
			const reply = await link.ask({ kind: "find", query });
			invariant(reply.kind === "found", "a query is answered by what was found");
			return reply;
		},
	};
}
