/**
 * What was worked out for some facts, for all who differ from them in nothing that is looked at: by groups, kind, role and model, and by name where somebody
 * is meant by name.
 *
 * Asked with every request of a hundred thousand callers, most of whom are alike: so the last answer is tried first, and nothing is kept of any one of them.
 */
import type { ChargedFacts } from "../ports/budget-store.ts";

/** Roles, models and names are the operator's and the models that are there; whoever makes them up gains nothing. */
const KEPT_MAX = 4_096;

export class Selections<Found> {
	readonly #looksAtModel: boolean;
	readonly #named: ReadonlySet<string>;
	/** Groups are one array for as long as a principal does not change, and one for all who have none. */
	#kept = new WeakMap<readonly string[], Map<string, Found>>();
	#last: { readonly facts: ChargedFacts; readonly found: Found } | null = null;

	/** `named`: principals who are meant by name. */
	constructor(looksAtModel: boolean, named: ReadonlySet<string>) {
		this.#looksAtModel = looksAtModel;
		this.#named = named;
	}

	of(facts: ChargedFacts, find: (facts: ChargedFacts) => Found): Found {
		const last = this.#last;
		if (last !== null && this.#isAlike(last.facts, facts)) return last.found;
		let kept = this.#kept.get(facts.groups);
		if (kept === undefined) {
			kept = new Map();
			this.#kept.set(facts.groups, kept);
		}
		const key = this.#keyOf(facts);
		let found = kept.get(key);
		if (found === undefined) {
			found = find(facts);
			if (kept.size >= KEPT_MAX) kept.clear();
			kept.set(key, found);
		}
		this.#last = { facts, found };
		return found;
	}

	#isAlike(one: ChargedFacts, other: ChargedFacts): boolean {
		if (one.groups !== other.groups || one.role !== other.role || one.kind !== other.kind) return false;
		if (this.#looksAtModel && one.model !== other.model) return false;
		return one.principal === other.principal || !(this.#named.has(one.principal) || this.#named.has(other.principal));
	}

	#keyOf({ principal, kind, role, model }: ChargedFacts): string {
		return JSON.stringify([kind, role, this.#looksAtModel ? model : null, this.#named.has(principal) ? principal : null]);
	}
}
