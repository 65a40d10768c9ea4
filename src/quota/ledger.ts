/**
 * The ledger: all budgets in force, how far each is used, and what requests hold of them.
 *
 *  - `reserve` looks at every budget that a request concerns and takes from all of them, or from none, in one step without a turn of the loop.
 *  - Which budgets concern a caller is worked out once for all who are alike; a request costs a look-up for each of its subjects and walks over an array.
 *  - It is the authority while one process runs. `changes` and `restore` carry it over to the next.
 */
import { BUDGET_SCOPES, type BudgetScope, type BudgetsSpec } from "../model/budget-spec.ts";
import type { Charge, Reserved } from "../model/charge.ts";
import type { Principal } from "../model/principal.ts";
import type { BudgetChanges, BudgetDefinition, BudgetSnapshot, ChargedFacts } from "../ports/budget-store.ts";
import { invariant } from "../std/invariant.ts";
import { Roster } from "../std/roster.ts";
import { amountOf } from "./amount.ts";
import { Budget, definitionOf } from "./budget.ts";
import type { CountedBudget } from "./counted-budget.ts";
import type { Counter } from "./counter.ts";
import { Estimator, type Weight } from "./estimator.ts";
import { boundsAnswer, coveredBy, leastOf, slackOf } from "./fitting.ts";
import type { Layout } from "./layout.ts";
import { LedgerClock } from "./ledger-clock.ts";
import { countersIn, isWeighed, type Plan, whoOf } from "./plan.ts";
import { type CompiledBudget, countersOf, Planner } from "./planner.ts";
import { Reservation, type ReservationOwner } from "./reservation.ts";
import { SaveBook } from "./save-book.ts";
import { type Standing, standingOf } from "./standing.ts";
import type { CountedBefore, SubjectCounters } from "./subject-counters.ts";
import { latestRecords } from "./subject-records.ts";
import { Subjects } from "./subjects.ts";

export interface LedgerDeps {
	/** Unix ms. */
	readonly now: () => number;
	readonly monotonic: () => number;
	/** Compiles globs over model names; what comes out is asked with canonical short names. */
	readonly modelMatcher: (patterns: readonly string[]) => (model: string) => boolean;
	/** What counts as one network, of a caller's address. */
	readonly networkOf: (peer: string) => string;
	/** A budget was passed by more than one reservation: what must not be. */
	readonly onOvershoot: (budget: string, unit: string, by: number) => void;
}

/** The budget that a request did not fit into; of several the one that renews last. */
export interface Exceeded {
	readonly counter: Counter;
	/** What it would have taken, in the unit's smallest thing. */
	readonly needed: number;
	/** Unix ms. */
	readonly retryAt: number;
}

/** A millisecond or two. */
const SWEPT_AT_ONCE = 4_096;

export class Ledger implements ReservationOwner {
	readonly #deps: LedgerDeps;
	readonly #estimator: Estimator;
	readonly #open = new Roster<Reservation>();
	#clock: LedgerClock;
	#budgets: readonly CompiledBudget[] = [];
	#spec: BudgetsSpec = { budgets: [], prices: [], timeZone: "UTC" };
	readonly #subjects = BUDGET_SCOPES.map((scope) => [scope, new Subjects(scope)] as const);
	#planner: Planner;
	/** Kept, so that no list is made for each request. */
	readonly #rooms: number[] = [];
	readonly #taken: number[] = [];
	#isTimed = false;
	#book = new SaveBook(() => this.#everybody(), 0);
	#sweep = this.#everybody();

	constructor(spec: BudgetsSpec, deps: LedgerDeps) {
		this.#deps = deps;
		this.#estimator = new Estimator(deps.modelMatcher);
		this.#clock = new LedgerClock(0, deps.monotonic());
		this.#planner = new Planner([], deps.networkOf);
		this.adjust(spec);
	}

	get isEmpty(): boolean {
		return this.#budgets.length === 0;
	}

	get budgets(): readonly Budget[] {
		return this.#budgets.map(({ budget }) => budget);
	}

	/** Whether a budget goes by time on the GPU, so that `look` is to be called every `LOOK_MS`. */
	get isTimed(): boolean {
		return this.#isTimed;
	}

	get timeZone(): string {
		return this.#spec.timeZone;
	}

	/** Requests that hold something at this moment. */
	get open(): number {
		return this.#open.size;
	}

	now(): number {
		return this.#clock.at(this.#deps.now(), this.#deps.monotonic());
	}

	/** Counters of a budget whose definition stays go on; what is held of one that goes is given back to nobody. */
	adjust(spec: BudgetsSpec): void {
		const before = new Map(this.budgets.map((budget) => [budget.spec.name, budget]));
		const places = Array.from(before.values(), ({ place }) => place);
		const definitions = JSON.stringify(this.#definitions());
		for (const budget of before.values()) budget.place = -1;
		this.#spec = spec;
		this.#budgets = spec.budgets.map((each, place) => {
			const known = before.get(each.name);
			const isKnown = known?.definition === definitionOf(each, spec.timeZone);
			const budget = isKnown ? known : new Budget(each, spec.timeZone, this.#subjectsOf(each.scope));
			budget.adjust(each);
			budget.place = place;
			return { budget, matchesModel: each.for.models === null ? null : this.#deps.modelMatcher(each.for.models) };
		});
		this.#estimator.adjust(spec.prices);
		this.#isTimed = spec.budgets.some(({ unit }) => unit === "gpu_seconds" || unit === "money");
		const isAsBefore = Array.from(before.values()).every(({ place }, at) => place === places[at]);
		if (!isAsBefore) for (const [, subjects] of this.#subjects) subjects.rearrange();
		if (JSON.stringify(this.#definitions()) !== definitions) this.#book.beginAnew();
		this.#planner = new Planner(this.#budgets, this.#deps.networkOf);
	}

	/** The budgets that concern a request. To be held at once: whoever uses nothing may be forgotten when the loop turns. */
	planOf(facts: ChargedFacts): Plan {
		return this.#planner.planOf(facts);
	}

	/**
	 * Takes of every budget of the plan, or of none. What the request is estimated to use has to fit beside the most that all others may use; then the most
	 * that it may use is held itself. So an estimate that was too low passes a budget by what one request was wrong, however many run.
	 */
	reserve(plan: Plan, request: string, facts: ChargedFacts, weight: Weight | null): Reservation | Exceeded {
		const now = this.now();
		const { budgets, bounds } = plan.kind;
		const rooms = this.#roomsOf(plan, now);
		const estimate = this.#estimator.estimate(facts.model ?? "", weight, budgets, rooms);
		const taken = this.#taken;
		let exceeded: Exceeded | null = null;
		let covered = Number.POSITIVE_INFINITY;
		for (let at = 0; at < budgets.length; at++) {
			const budget = budgets[at];
			if (budget === undefined) continue;
			const { unit, onExhausted } = budget;
			const wanted = amountOf(unit, estimate.charge);
			const room = rooms[at] ?? 0;
			const least = leastOf(budget, wanted, estimate);
			if (least > room + SLACK) {
				const who = whoOf(plan, at);
				const retryAt = who.retryAt(budget, least, now);
				if (exceeded === null || retryAt > exceeded.retryAt) exceeded = { counter: { budget, who }, needed: least, retryAt };
				continue;
			}
			const amount = onExhausted !== "finish" ? Math.min(wanted, Math.max(least, Math.floor(room))) : wanted;
			taken[at] = amount;
			if (bounds && (weight?.whole !== true || boundsAnswer(budget))) covered = Math.min(covered, coveredBy(unit, amount, estimate));
		}
		if (exceeded !== null) return exceeded;
		const held = taken.slice(0, budgets.length);
		for (let at = 0; at < budgets.length; at++) {
			const budget = budgets[at];
			if (budget !== undefined) whoOf(plan, at).reserve(budget, (held[at] ?? 0) + slackOf(budget.unit, estimate));
		}
		const reservation = new Reservation(this, plan, request, facts, { estimate, held, covered });
		for (const subject of plan.subjects) subject.holds += 1;
		this.#open.join(reservation);
		return reservation;
	}

	/** Time has passed: ends what has used up a budget of it. */
	look(): void {
		for (const reservation of this.#open.all()) reservation.look();
	}

	/** What a request used, of which nothing is held: how a former run is settled. `at`: Unix ms. */
	charge(facts: ChargedFacts, charge: Charge, begun: boolean, at: number): void {
		const now = this.#clock.seen(at);
		const plan = this.#planner.planOf(facts);
		for (const { budget, who } of countersIn(plan)) {
			const { unit } = budget;
			const amount = isWeighed(budget) ? amountOf(unit, charge) : unit === "requests" && begun ? 1 : 0;
			if (amount > 0) who.add(budget, amount, now);
		}
		this.changed(plan.subjects);
	}

	/** Takes over what a former run left, where the definition is still the same. To be called before anything is reserved. */
	restore({ at, save, definitions, records }: Pick<BudgetSnapshot, "at" | "save" | "definitions" | "records">): void {
		this.#clock = new LedgerClock(at, this.#deps.monotonic());
		this.#book = new SaveBook(() => this.#everybody(), save);
		const kept = definitions.map(([name, definition]) =>
			this.budgets.find((each) => each.spec.name === name && each.definition === definition),
		);
		const layouts = new Map<string, Layout>();
		for (const { scope, subject, seen, counts } of latestRecords(records)) {
			const counted: CountedBefore[] = [];
			for (const { place, used, older } of counts) {
				const budget = kept[place];
				if (budget?.spec.scope === scope) counted.push({ budget, used, older });
			}
			if (counted.length === 0) continue;
			const all = this.#subjectsOf(scope);
			const key = `${scope} ${counted.map(({ budget }) => budget.place).join(" ")}`;
			const layout = layouts.get(key) ?? all.layoutOf(counted.map(({ budget }) => budget));
			layouts.set(key, layout);
			all.of(subject, layout).restore(seen, counted);
		}
	}

	/** What changed since it was asked last, to be saved as one. `seq`: the last event so far. */
	changes(seq: number): BudgetChanges {
		const running = this.#open.all();
		// That a request has begun is counted already, and is not known from its end yet.
		for (const { begun, plan } of running) if (begun) this.changed(plan.subjects);
		const open = running.map(({ request, facts, held, begun }) => ({ request, facts, charge: held, begun }));
		return { seq, at: this.now(), definitions: this.#definitions(), open, ...this.#book.next() };
	}

	/** Everything is to be saved again: what was asked for last did not reach the disk. */
	changedAll(): void {
		this.#book.beginAnew();
	}

	get hasChanges(): boolean {
		return this.#book.hasChanges;
	}

	/**
	 * Forgets whoever has used nothing that still counts, so that memory follows who is active. To be called now and then: each call looks at some of them, so
	 * that none takes long.
	 */
	forgetIdle(): void {
		const now = this.now();
		for (let looked = 0; looked < SWEPT_AT_ONCE; looked++) {
			const next = this.#sweep.next();
			if (next.done === true) {
				this.#sweep = this.#everybody();
				return;
			}
			const each = next.value;
			if (!each.isIdle(now)) continue;
			this.#subjectsOf(each.layout.scope).forget(each);
			this.#book.forgotten(each.layout.scope, each.subject);
		}
	}

	/** How the budgets stand that concern a caller. `peer`: null where nobody knows from where it calls; budgets of networks are then left out. */
	standingsOf(principal: Principal, peer: string | null, mayName: (model: string) => boolean): readonly Standing[] {
		const now = this.now();
		const budgets = peer === null ? this.#budgets.filter(({ budget }) => budget.spec.scope !== "network") : this.#budgets;
		const counters = countersOf(budgets, factsOf(principal, null, peer ?? ""), this.#deps.networkOf, mayName);
		return counters.map((counter) => standingOf(counter, now));
	}

	/** Begins the budget's windows anew, for one subject or for all; what is held stays held. How many counters that were. */
	reset(name: string, subject: string | null): number {
		const budget = this.budgets.find(({ spec }) => spec.name === name);
		if (budget === undefined) return 0;
		let count = 0;
		for (const each of budget.subjects.all()) {
			const isMeant = (subject === null || each.subject === subject) && each.counts(budget);
			if (!isMeant) continue;
			each.clear(budget);
			this.changed([each]);
			count += 1;
		}
		return count;
	}

	changed(subjects: Iterable<SubjectCounters>): void {
		for (const each of subjects) this.#book.changed(each);
	}

	settled(reservation: Reservation, charge: Charge | null): void {
		this.#open.leave(reservation);
		for (const subject of reservation.plan.subjects) subject.holds -= 1;
		if (charge === null || charge.outputTokens + charge.inputTokens === 0) return;
		const { guessedInput, mostInput } = reservation.estimate;
		this.#estimator.learn(reservation.facts.model ?? "", guessedInput, mostInput, charge);
	}

	overshot({ spec }: CountedBudget, by: number): void {
		this.#deps.onOvershoot(spec.name, spec.unit, by);
	}

	/** Of each budget of the plan; good until this is called again. */
	#roomsOf(plan: Plan, now: number): readonly number[] {
		const { budgets } = plan.kind;
		const rooms = this.#rooms;
		for (let at = 0; at < budgets.length; at++) {
			const budget = budgets[at];
			rooms[at] = budget === undefined ? 0 : whoOf(plan, at).room(budget, now);
		}
		return rooms;
	}

	#definitions(): readonly BudgetDefinition[] {
		return this.budgets.map(({ spec, definition }) => [spec.name, definition]);
	}

	*#everybody(): Generator<SubjectCounters> {
		for (const [, subjects] of this.#subjects) yield* subjects.all();
	}

	#subjectsOf(scope: BudgetScope): Subjects {
		const found = this.#subjects.find(([each]) => each === scope);
		invariant(found !== undefined, "every scope has its subjects");
		return found[1];
	}
}

/** Rates are fractions; without it a newcomer to one of "1 a second" would be refused at random. */
const SLACK = 1e-6;

export function factsOf({ id, kind, role, groups }: Principal, model: string | null, peer: string): ChargedFacts {
	return { principal: id, kind, role, groups, model, peer };
}

export function reservedOf({ held, facts: { kind, groups } }: Reservation): Reserved {
	const { inputTokens, outputTokens, gpuUs, nanos } = held;
	return { inputTokens, outputTokens, gpuUs, nanos, kind, groups };
}
