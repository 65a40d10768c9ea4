/**
 * Reports of usage as they are asked for: days out of moments, and names to ids.
 *
 * The server and the offline command line both ask here, so they cannot come to different answers.
 */
import type { NamedUsageReport, UsageRequest, UsageView } from "../admin/admin-deps.ts";
import type { UsageLedger } from "../ports/usage-ledger.ts";
import { Calendar } from "../std/calendar.ts";

export interface NamedUsageDeps {
	readonly ledger: UsageLedger;
	readonly timeZone: () => string;
	readonly names: () => Iterable<{ readonly id: string; readonly name: string }>;
}

export function namedUsage({ ledger, timeZone, names }: NamedUsageDeps): UsageView {
	return {
		report: async ({ by, since, until, limit, offset }: UsageRequest): Promise<NamedUsageReport> => {
			const calendar = new Calendar(timeZone());
			const dayOf = (moment: string | number | null): string | null => (typeof moment === "number" ? calendar.dayOf(moment) : moment);
			const report = await ledger.report({ by, since: dayOf(since), until: dayOf(until), limit, offset }, calendar.timeZone);
			const known = new Map<string, string>();
			if (by === "key" || by === "principal") for (const { id, name } of names()) known.set(id, name);
			return { ...report, lines: report.lines.map((line) => ({ ...line, name: line.of === null ? null : (known.get(line.of) ?? null) })) };
		},
		recompute: () => ledger.recompute(timeZone()),
	};
}
