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

const BEFORE_UPSTREAM: ReadonlySet<Phase> = new Set(["receiving", "deciding", "queued"]);

interface Open extends Omit<OpenRequest, "request"> {
	readonly at: number;
}

export class Replay {
	readonly #ledger: Ledger;
	readonly #open: Map<string, Open>;

	/** The ledger has taken the snapshot over already. */
	constructor(ledger: Ledger, { open, at }: Pick<BudgetSnapshot, "open" | "at">) {
		this.#ledger = ledger;
		this.#open = new Map(open.map(({ request, facts, charge, begun }) => [request, { facts, charge, begun, at }]));
	}

	/** To be given those after the snapshot, in order. */
	take(event: Event): void {
		if (event.type === "request-started") {
			const opened = openedBy(event);
			if (opened !== null) this.#open.set(event.request, opened);
		} else if (event.type === "request-ended") {
			const known = this.#open.get(event.request);
			if (known === undefined) return;
			this.#ledger.charge(known.facts, event.charged ?? NOTHING, !known.begun && !BEFORE_UPSTREAM.has(event.phase), event.at);
			this.#open.delete(event.request);
		}
	}

	/** There are no more. */
	finish(): void {
		for (const { facts, charge, begun, at } of this.#open.values()) this.#ledger.charge(facts, charge, !begun, at);
		this.#open.clear();
	}
}

function openedBy({ at, decision, reserved, principal, role, model, peer }: RequestStarted): Open | null {
	if (decision !== "permit" || reserved === null || principal === null || role === null) return null;
	const { kind, groups, ...charge } = reserved;
	return { facts: { principal, kind, role, groups, model, peer }, charge, begun: false, at };
}
