/**
 * Reports of usage as they are asked for: days out of moments, names to ids, and what it costs by the prices of today.
 *
 * The server and the offline command line both ask here, so they cannot come to different answers.
 */
import type { NamedUsageReport, UsageRequest, UsageView } from "../admin/admin-deps.ts";
import type { Config } from "../config/config.ts";
import type { ModelUse, UsageLedger } from "../ports/usage-ledger.ts";
import { FREE, Tariff } from "../quota/tariff.ts";
import { Calendar } from "../std/calendar.ts";
import { modelMatcher } from "./model-matcher.ts";

export interface NamedUsageDeps {
	readonly ledger: UsageLedger;
	readonly config: () => Pick<Config, "usage" | "prices">;
	readonly names: () => Iterable<{ readonly id: string; readonly name: string }>;
}

export function namedUsage({ ledger, config, names }: NamedUsageDeps): UsageView {
	return {
		report: async ({ by, since, until, limit, offset }: UsageRequest): Promise<NamedUsageReport> => {
			const { usage, prices } = config();
			const calendar = new Calendar(usage.timeZone);
			const dayOf = (moment: string | number | null): string | null => (typeof moment === "number" ? calendar.dayOf(moment) : moment);
			const query = { by, since: dayOf(since), until: dayOf(until), limit, offset, withModels: prices.length > 0 };
			const { lines, models, ...report } = await ledger.report(query, usage.timeZone);
			const known = new Map<string, string>();
			if (by === "key" || by === "principal") for (const { id, name } of names()) known.set(id, name);
			const costOf = pricing(prices);
			return {
				...report,
				lines: lines.map(({ models: used, ...line }) => ({
					...line,
					name: line.of === null ? null : (known.get(line.of) ?? null),
					cost: costOf(used),
				})),
				cost: costOf(models),
			};
		},
		recompute: () => ledger.recompute(config().usage.timeZone),
	};
}

/** In units of the operator's currency, to the millionth; null where nothing has a price. */
function pricing(prices: Config["prices"]): (models: readonly ModelUse[]) => number | null {
	if (prices.length === 0) return () => null;
	const tariffs = prices.map(([pattern, price]) => ({ matches: modelMatcher([pattern]), tariff: new Tariff(price) }));
	return (models) => {
		let nanos = 0;
		for (const { model, inputTokens, outputTokens, gpuUs } of models) {
			const tariff = tariffs.find(({ matches }) => matches(model))?.tariff ?? FREE;
			nanos += tariff.nanosOf(inputTokens, outputTokens, gpuUs);
		}
		return Math.round(nanos / 1_000) / 1_000_000;
	};
}
