/**
 * One budget in force: its definition, and a counter for each subject that used any of it.
 *
 *  - The limit, and what happens at it, may change while counters go on; all else makes another budget.
 *  - Subjects are bounded. Those beyond the bound share one counter, so that whoever can make up subjects gains nothing.
 */
import type { BudgetPeriod, BudgetSpec } from "../model/budget-spec.ts";
import { type CalendarPeriod, calendarSpan, type Span } from "./calendar-span.ts";
import { CalendarCounter, ConcurrentCounter, type CountedBudget, type Counter, RateCounter, RollingCounter } from "./counter.ts";

const PERIOD_MS: Readonly<Record<BudgetPeriod, number>> = {
	second: 1_000,
	minute: 60_000,
	hour: 3_600_000,
	day: 86_400_000,
	week: 604_800_000,
	month: 2_592_000_000,
};

/** Keys and principals are the operator's to make; networks and models are whatever callers come from and ask for. */
const SUBJECTS_MAX = { key: 1_000_000, principal: 1_000_000, group: 10_000, model: 4_096, network: 65_536, everyone: 1 } as const;
/** No id, group, canonical model name or network begins with an underscore. */
export const OTHERS = "_other";

export class Budget implements CountedBudget {
	spec: BudgetSpec;
	readonly definition: string;
	/** Of a month: 30 days. */
	readonly periodMs: number;
	readonly counters = new Map<string, Counter>();
	readonly #timeZone: string;
	#span: Span = { start: 0, end: 0 };

	constructor(spec: BudgetSpec, timeZone: string) {
		this.spec = spec;
		this.definition = definitionOf(spec, timeZone);
		this.periodMs = spec.per === null ? 0 : PERIOD_MS[spec.per];
		this.#timeZone = timeZone;
	}

	get limit(): number {
		return this.spec.limit;
	}

	/** The window of the calendar; looked up once for all subjects. Of another budget: its length. */
	spanAt(now: number): Span {
		if (now >= this.#span.start && now < this.#span.end) return this.#span;
		const { per, window } = this.spec;
		if (per === null || !isCalendar(per) || window === "rolling") return { start: now - this.periodMs, end: now + this.periodMs };
		this.#span = calendarSpan(now, per, this.#timeZone);
		return this.#span;
	}

	counterOf(subject: string): Counter {
		const known = this.counters.get(subject);
		if (known !== undefined) return known;
		if (this.counters.size >= SUBJECTS_MAX[this.spec.scope] && subject !== OTHERS) return this.counterOf(OTHERS);
		const counter = this.#newCounter(subject);
		this.counters.set(subject, counter);
		return counter;
	}

	#newCounter(subject: string): Counter {
		const { per, window } = this.spec;
		if (per === null) return new ConcurrentCounter(this, subject);
		if (!isCalendar(per)) return new RateCounter(this, subject);
		return window === "calendar" ? new CalendarCounter(this, subject) : new RollingCounter(this, subject);
	}
}

function isCalendar(per: BudgetPeriod): per is CalendarPeriod {
	return per !== "second" && per !== "minute";
}

/** Two budgets of a name are the same where this is; a limit may be raised without forgetting what was used. */
export function definitionOf({ scope, unit, per, window, for: { roles, keys, groups, models } }: BudgetSpec, timeZone: string): string {
	const zone = per !== null && isCalendar(per) && window === "calendar" ? timeZone : null;
	return JSON.stringify([scope, unit, per, window, zone, roles, keys, groups, models]);
}
