import type { EventsVerified } from "../admin/admin-deps.ts";
import { verifyChain } from "../stores/sqlite/verify-chain.ts";

/** Reads and checks the whole log of a state directory, beside a server that goes on writing it. */
export async function verifyEvents(directory: string): Promise<EventsVerified> {
	const { ok, events, sealedSeq, firstProblem, first, prunedAt } = await verifyChain({ directory });
	const problems = firstProblem === null ? [] : [{ seq: firstProblem.seq, problem: firstProblem.what }];
	return { intact: ok, since: first, prunedAt, records: events, sealedUpTo: sealedSeq, problems };
}
