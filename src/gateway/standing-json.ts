/**
 * A budget as callers and operators read it: whole units, moments as text.
 *
 *  - What is used, held and remains is together the limit, to the last digit that is shown: what was rounded is what is taken off it.
 */
import type { BudgetUnit } from "../model/budget-spec.ts";
import type { Standing } from "../quota/standing.ts";
import { inUnits } from "./budget-text.ts";

export function standingJson({ spec, subject, used, held, renewsAt }: Standing) {
	const { name, scope, unit, limit, per, window, onExhausted } = spec;
	const shownUsed = asShown(unit, used);
	const shownHeld = asShown(unit, held);
	return {
		name,
		scope,
		...(scope === "everyone" ? {} : { of: subject }),
		unit,
		per,
		window: per === null || per === "second" || per === "minute" ? null : window,
		limit: inUnits(unit, limit),
		used: inUnits(unit, shownUsed),
		held: inUnits(unit, shownHeld),
		remaining: inUnits(unit, Math.max(0, limit - shownUsed - shownHeld)),
		renews_at: renewsAt === null ? null : new Date(renewsAt).toISOString(),
		on_exhausted: onExhausted,
	};
}

/** Rounded to what `inUnits` keeps. A rate refills all the time: what is begun of a request counts, but for what calculating with fractions adds. */
function asShown(unit: BudgetUnit, amount: number): number {
	if (unit === "gpu_seconds" || unit === "money") return Math.round(amount / 1e3) * 1e3;
	return Math.ceil(amount - 1e-6);
}
