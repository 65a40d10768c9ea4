/**
 * What was worked out for some facts, for all who differ from them in nothing that is looked at: by groups, kind, role and model, and by name where somebody
 * is meant by name.
 *
 * Asked with every request of a hundred thousand callers, most of whom are alike: so the last answer is tried first, and nothing is kept of each of them.
 */
import type { ChargedFacts } from "../ports/budget-store.ts";

/** Beyond them all are worked out anew. */
const KEPT_MAX = 4_096;

export class Selections<Found> {
	readonly #looksAtModel: boolean;
	readonly #named: ReadonlySet<string>;
	readonly #kept = new Map<string, Found>();
	#last: { readonly facts: ChargedFacts; readonly found: Found } | null = null;

	/** `named`: principals who are meant by name. */
	constructor(looksAtModel: boolean, named: ReadonlySet<string>) {
		this.#looksAtModel = looksAtModel;
		this.#named = named;
	}

	of(facts: ChargedFacts, find: (facts: ChargedFacts) => Found): Found {
		const last = this.#last;
		if (last !== null && this.#isAlike(last.facts, facts)) return last.found;
		const key = this.#keyOf(facts);
		let found = this.#kept.get(key);
		if (found === undefined) {
			found = find(facts);
			if (this.#kept.size >= KEPT_MAX) this.#kept.clear();
			this.#kept.set(key, found);
		}
		this.#last = { facts, found };
		return found;
	}

	/** Groups are one list for as long as a principal does not change, and one for all who have none. */
	#isAlike(one: ChargedFacts, other: ChargedFacts): boolean {
		if (one.groups !== other.groups || one.role !== other.role || one.kind !== other.kind) return false;
		if (this.#looksAtModel && one.model !== other.model) return false;
		return one.principal === other.principal || !(this.#named.has(one.principal) || this.#named.has(other.principal));
	}

	#keyOf({ principal, kind, role, groups, model }: ChargedFacts): string {
		return JSON.stringify([kind, role, this.#looksAtModel ? model : null, this.#named.has(principal) ? principal : null, groups]);
	}
}
