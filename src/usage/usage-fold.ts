/**
 * Folds rows of usage into the lines of a report.
 *
 *  - Rows come one at a time and in any order; what is held is a line for each key, model or day, and there is a bound on them.
 *  - A principal of two groups counts in both lines and once in the totals.
 */
import type { UsageDimension } from "../model/usage-dimension.ts";
import type { ModelUse, UsageQuery, UsageReport, UsageRow } from "../ports/usage-ledger.ts";

import { lastDayOf } from "../std/calendar.ts";
import { addSums, type MutableSums, noSums } from "./usage-sums.ts";

/** Beyond it what is new goes into one line of its own. */
const LINES_MOST = 100_000;
export const OTHER = "_other";

/** As keys are named; whoever proves itself otherwise has an id of another form. */
const KEY_ID = /^[0-9a-z]{8}$/;

export type FoldedUsage = Pick<UsageReport, "lines" | "linesInAll" | "totals" | "models" | "cutMonths"> & {
	readonly fromSeq: number;
	readonly toSeq: number;
};

interface Folded {
	readonly sums: MutableSums;
	readonly models: Map<string, { -readonly [name in keyof ModelUse]: ModelUse[name] }>;
}

export class UsageFold {
	readonly #query: UsageQuery;
	readonly #most: number;
	readonly #lines = new Map<string | null, Folded>();
	readonly #totals = nothingFolded();
	readonly #cut = new Set<string>();
	#fromSeq = 0;
	#toSeq = 0;

	constructor(query: UsageQuery, most = LINES_MOST) {
		this.#query = query;
		this.#most = most;
	}

	add(row: UsageRow): void {
		if (!this.#holds(row.period)) return;
		const { by } = this.#query;
		if (by === "key" && !(row.principal !== null && KEY_ID.test(row.principal))) return;
		this.#fold(this.#totals, row);
		if (row.firstSeq > 0 && (this.#fromSeq === 0 || row.firstSeq < this.#fromSeq)) this.#fromSeq = row.firstSeq;
		if (row.lastSeq > this.#toSeq) this.#toSeq = row.lastSeq;
		if (by === "group" && row.groups !== null) for (const group of row.groups) this.#fold(this.#lineOf(group), row);
		else this.#fold(this.#lineOf(valueOf(row, by)), row);
	}

	result(): FoldedUsage {
		const { by, limit, offset } = this.#query;
		const lines = [...this.#lines].sort(by === "day" ? byName : byTokens);
		return {
			lines: lines.slice(offset, offset + limit).map(([of, { sums, models }]) => ({ of, ...sums, models: [...models.values()] })),
			linesInAll: lines.length,
			totals: this.#totals.sums,
			models: [...this.#totals.models.values()],
			cutMonths: [...this.#cut].sort(),
			fromSeq: this.#fromSeq,
			toSeq: this.#toSeq,
		};
	}

	#fold({ sums, models }: Folded, row: UsageRow): void {
		addSums(sums, row);
		if (this.#query.withModels !== true || row.model === null) return;
		let use = models.get(row.model);
		if (use === undefined) {
			use = { model: row.model, inputTokens: 0, outputTokens: 0, gpuUs: 0 };
			models.set(row.model, use);
		}
		use.inputTokens += row.inputTokens;
		use.outputTokens += row.outputTokens;
		use.gpuUs += row.gpuUs;
	}

	#lineOf(name: string | null): Folded {
		const line = this.#lines.get(name);
		if (line !== undefined) return line;
		if (this.#lines.size >= this.#most && name !== OTHER) return this.#lineOf(OTHER);
		const made = nothingFolded();
		this.#lines.set(name, made);
		return made;
	}

	#holds(period: string): boolean {
		const { since, until } = this.#query;
		const isMonth = period.length === 7;
		const first = isMonth ? `${period}-01` : period;
		const last = isMonth && until !== null ? lastDayOf(period) : period;
		const begins = since === null || first >= since;
		const ends = until === null || last <= until;
		if (begins && ends) return true;
		// A month that is wholly outside is no loss; one that lies across a bound is.
		if (isMonth && (since === null || lastDayOf(period) >= since) && (until === null || first <= until)) this.#cut.add(period);
		return false;
	}
}

function valueOf(row: UsageRow, by: UsageDimension): string | null {
	switch (by) {
		case "key":
		case "principal":
			return row.principal;
		case "group":
			return null;
		case "model":
			return row.model;
		case "day":
			return row.period;
		case "class":
			return row.class;
		case "dialect":
			return row.dialect;
	}
}

type NamedLine = readonly [of: string | null, folded: Folded];

function nothingFolded(): Folded {
	return { sums: noSums(), models: new Map() };
}

function byName([one]: NamedLine, [other]: NamedLine): number {
	return (one ?? "") < (other ?? "") ? -1 : 1;
}

function byTokens(one: NamedLine, other: NamedLine): number {
	const [first, second] = [one[1].sums, other[1].sums];
	const more = second.inputTokens + second.outputTokens - (first.inputTokens + first.outputTokens) || second.requests - first.requests;
	return more === 0 ? byName(one, other) : more;
}
