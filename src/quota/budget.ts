/**
 * One budget in force: its definition, and where the counters are of those who used any of it.
 *
 * The limit, and what happens at it, may change while counters go on; all else makes another budget.
 */
import type { BudgetPeriod, BudgetSpec, BudgetUnit, OnExhausted } from "../model/budget-spec.ts";
import { type CalendarPeriod, calendarSpan, type Span } from "./calendar-span.ts";
import type { CountedBudget } from "./counted-budget.ts";
import type { Counter } from "./counter.ts";
import { Subjects } from "./subjects.ts";
import { CalendarWindow, ConcurrentWindow, RateWindow, RollingWindow, type Window } from "./window.ts";

const PERIOD_MS: Readonly<Record<BudgetPeriod, number>> = {
	second: 1_000,
	minute: 60_000,
	hour: 3_600_000,
	day: 86_400_000,
	week: 604_800_000,
	month: 2_592_000_000,
};

export class Budget implements CountedBudget {
	place = 0;
	readonly unit: BudgetUnit;
	limit: number;
	onExhausted: OnExhausted;
	readonly window: Window;
	readonly definition: string;
	/** Of a month: 30 days. */
	readonly periodMs: number;
	/** Of its scope, shared with the other budgets of that. */
	readonly subjects: Subjects;
	#spec: BudgetSpec;
	readonly #timeZone: string;
	#span: Span = { start: 0, end: 0 };

	constructor(spec: BudgetSpec, timeZone: string, subjects = new Subjects(spec.scope)) {
		this.unit = spec.unit;
		this.limit = spec.limit;
		this.onExhausted = spec.onExhausted;
		this.#spec = spec;
		this.definition = definitionOf(spec, timeZone);
		this.periodMs = spec.per === null ? 0 : PERIOD_MS[spec.per];
		this.subjects = subjects;
		this.#timeZone = timeZone;
		this.window = windowOf(this);
	}

	get spec(): BudgetSpec {
		return this.#spec;
	}

	/** Another limit, or something else that happens at it. */
	adjust(spec: BudgetSpec): void {
		this.limit = spec.limit;
		this.onExhausted = spec.onExhausted;
		this.#spec = spec;
	}

	/** The window of the calendar; looked up once for all subjects. Of another budget: its length. */
	spanAt(now: number): Span {
		if (now >= this.#span.start && now < this.#span.end) return this.#span;
		const { per, window } = this.#spec;
		if (per === null || !isCalendar(per) || window === "rolling") return { start: now - this.periodMs, end: now + this.periodMs };
		this.#span = calendarSpan(now, per, this.#timeZone);
		return this.#span;
	}

	/** How many it ever concerned who are not forgotten. */
	count(): number {
		return this.subjects.countOf(this);
	}

	/** Whether `subject` is among them. */
	counts(subject: string): boolean {
		return this.subjects.find(subject)?.counts(this) ?? false;
	}

	/** All of them; others may come and go meanwhile. */
	*all(): Generator<Counter> {
		for (const subject of this.subjects.all()) if (subject.counts(this)) yield { budget: this, who: subject };
	}
}

function windowOf(budget: CountedBudget): Window {
	const { per, window } = budget.spec;
	if (per === null) return new ConcurrentWindow(budget);
	if (!isCalendar(per)) return new RateWindow(budget);
	return window === "calendar" ? new CalendarWindow(budget) : new RollingWindow(budget);
}

function isCalendar(per: BudgetPeriod): per is CalendarPeriod {
	return per !== "second" && per !== "minute";
}

/** Two budgets of a name are the same where this is; a limit may be raised without forgetting what was used. */
export function definitionOf({ scope, unit, per, window, for: { roles, keys, groups, models } }: BudgetSpec, timeZone: string): string {
	const zone = per !== null && isCalendar(per) && window === "calendar" ? timeZone : null;
	return JSON.stringify([scope, unit, per, window, zone, roles, keys, groups, models]);
}
