/**
 * Budgets as administration sees and resets them.
 *
 * A reset is recorded before it is done, and on disk before it is answered: a crash must not bring back what somebody was told is gone.
 */
import type { BudgetAdmin, BudgetStanding, BudgetView } from "../admin/admin-deps.ts";
import { inUnits } from "../gateway/budget-text.ts";
import { standingJson } from "../gateway/standing-json.ts";
import type { PrincipalAdmin } from "../keys/enrolled/principal-admin.ts";
import type { MemoryKeyRing } from "../keys/key-ring.ts";
import { principalOfEnrolled, principalOfKey } from "../keys/principal-of.ts";
import type { BudgetSpec } from "../model/budget-spec.ts";
import type { Principal } from "../model/principal.ts";
import type { EventLog } from "../ports/event-log.ts";
import type { Ledger } from "../quota/ledger.ts";
import type { Clock } from "../std/clock.ts";
import { mostUsed } from "./most-used.ts";

export interface BudgetAdminDeps {
	readonly ledger: Pick<Ledger, "budgets" | "now" | "standingsOf" | "reset">;
	/** Resolves when what is counted so far is on disk. */
	readonly save: () => Promise<void>;
	readonly events: Pick<EventLog, "append">;
	readonly keys: Pick<MemoryKeyRing, "find">;
	readonly principals: Pick<PrincipalAdmin, "find">;
	readonly clock: Clock;
}

export function budgetAdmin({ ledger, save, events, keys, principals, clock }: BudgetAdminDeps): BudgetAdmin {
	const find = (name: string) => ledger.budgets.find(({ spec }) => spec.name === name);
	return {
		list: () => ledger.budgets.map((budget) => budgetView(budget.spec, budget.count())),
		show: async (name, limit) => {
			const budget = find(name);
			if (budget === undefined) return null;
			const standings = await mostUsed(budget.all(), limit, () => ledger.now());
			return { budget: budgetView(budget.spec, budget.count()), standings: standings.map(standingOf) };
		},
		standingsOf: (id) => {
			const principal = principalOf(id, keys, principals);
			if (principal === null) return null;
			return ledger.standingsOf(principal, null, () => true).map(standingOf);
		},
		reset: async (name, subject, by) => {
			const budget = find(name);
			if (budget === undefined) return "budget-unknown";
			if (subject === null ? budget.count() === 0 : !budget.counts(subject)) return 0;
			const { settled } = events.append({ type: "budget-reset", at: clock(), budget: name, subject, by });
			if (!(await succeeds(settled))) return "not-recorded";
			const counters = ledger.reset(name, subject);
			return (await succeeds(save())) ? counters : "not-stored";
		},
	};
}

function succeeds(act: Promise<void>): Promise<boolean> {
	return act.then(
		() => true,
		() => false,
	);
}

function principalOf(id: string, keys: BudgetAdminDeps["keys"], principals: BudgetAdminDeps["principals"]): Principal | null {
	const enrolled = principals.find(id);
	if (enrolled !== null) return principalOfEnrolled(enrolled);
	const key = keys.find(id);
	return key === null ? null : principalOfKey(key);
}

function budgetView({ name, scope, unit, limit, per, window, onExhausted, for: wanted }: BudgetSpec, counters: number): BudgetView {
	return {
		name,
		scope,
		unit,
		limit: inUnits(unit, limit),
		per,
		window: per === null || per === "second" || per === "minute" ? null : window,
		on_exhausted: onExhausted,
		for: wanted,
		counters,
	};
}

function standingOf(standing: Parameters<typeof standingJson>[0]): BudgetStanding {
	return standingJson(standing);
}
