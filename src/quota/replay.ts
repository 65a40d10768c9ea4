/**
 * Settles what a crash left open, from the log.
 *
 *  - A request whose end is on record after the last save is charged with what that says.
 *  - One without an end is charged with what was held for it: how far it came nobody knows, and a crash must not be a way to use a GPU for nothing.
 *  - Ends carry the moments at which they happened, so what was used before midnight counts for yesterday; what has no end counts when the log ends.
 */
import type { Event, Phase, RequestStarted } from "../model/event.ts";
import type { BudgetSnapshot, OpenRequest } from "../ports/budget-store.ts";
import { NOTHING } from "./amount.ts";
import type { Ledger } from "./ledger.ts";

export interface Replayed {
	/** Requests that were charged by their own end. */
	readonly ended: number;
	/** Requests without an end. */
	readonly lost: number;
}

const BEFORE_UPSTREAM: ReadonlySet<Phase> = new Set(["receiving", "deciding", "queued"]);

interface Open extends Omit<OpenRequest, "request"> {
	readonly at: number;
}

/** `events`: those after the snapshot, in order. The ledger has taken the snapshot over already. */
export function replay(ledger: Ledger, { open: left, at }: Pick<BudgetSnapshot, "open" | "at">, events: Iterable<Event>): Replayed {
	const open = new Map<string, Open>(left.map(({ request, facts, charge, begun }) => [request, { facts, charge, begun, at }]));
	let ended = 0;
	for (const event of events) {
		if (event.type === "request-started") {
			const opened = openedBy(event);
			if (opened !== null) open.set(event.request, opened);
		} else if (event.type === "request-ended") {
			const known = open.get(event.request);
			if (known === undefined) continue;
			ledger.charge(known.facts, event.charged ?? NOTHING, !known.begun && !BEFORE_UPSTREAM.has(event.phase), event.at);
			open.delete(event.request);
			ended += 1;
		}
	}
	for (const { facts, charge, begun, at: since } of open.values()) ledger.charge(facts, charge, !begun, since);
	return { ended, lost: open.size };
}

function openedBy({ at, decision, reserved, principal, role, model, peer }: RequestStarted): Open | null {
	if (decision !== "permit" || reserved === null || principal === null || role === null) return null;
	const { kind, groups, ...charge } = reserved;
	return { facts: { principal, kind, role, groups, model, peer }, charge, begun: false, at };
}
