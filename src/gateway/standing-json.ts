/** A budget as callers and operators read it: whole units, moments as text. */
import type { Standing } from "../quota/standing.ts";
import { inUnits } from "./budget-text.ts";

export function standingJson({ spec, subject, used, held, renewsAt }: Standing) {
	const { name, scope, unit, limit, per, window, onExhausted } = spec;
	return {
		name,
		scope,
		...(scope === "everyone" ? {} : { of: subject }),
		unit,
		per,
		window: per === null || per === "second" || per === "minute" ? null : window,
		limit: inUnits(unit, limit),
		// A rate refills all the time: what is begun of a request counts, so that nothing is told twice or not at all.
		used: inUnits(unit, Math.ceil(used - 1e-6)),
		held: inUnits(unit, held),
		remaining: inUnits(unit, Math.max(0, limit - used - held)),
		renews_at: renewsAt === null ? null : new Date(renewsAt).toISOString(),
		on_exhausted: onExhausted,
	};
}
