/**
 * One request's hold on its budgets: taken whole, extended while the answer outgrows its estimate, given back when the truth is known.
 *
 *  - Settled once. Whoever settles or gives up a second time changes nothing, so no path out of a request can leak a hold or free it twice.
 *  - Tokens are asked for as they pass; time passes without them (a model loads, a prompt is read, an answer comes in one piece), so it is looked at.
 *  - Nothing here waits: between looking at a counter and taking from it there is no turn of the loop in which another could take the same.
 */
import type { BudgetUnit } from "../model/budget-spec.ts";
import type { Charge } from "../model/charge.ts";
import type { ChargedFacts } from "../ports/budget-store.ts";
import type { Placed } from "../std/roster.ts";
import { amountOf, NOTHING } from "./amount.ts";
import type { CountedBudget } from "./counted-budget.ts";
import type { Counter } from "./counter.ts";
import type { Estimate } from "./estimate.ts";
import { slackOf } from "./fitting.ts";
import { AHEAD_US, LOOK_MS } from "./gpu-look.ts";
import type { Hold } from "./hold.ts";
import { isWeighed, type Plan, whoOf } from "./plan.ts";
import type { SubjectCounters } from "./subject-counters.ts";

/** How many tokens of an answer are asked for at once when it outgrows its estimate. */
const STEP_TOKENS = 32;

/** What a request does on a GPU. */
export interface GpuWork {
	/** Microseconds so far, as far as time tells. */
	gpuUs(): number;
	/** A budget that may end it has no more time for it: called again and again until it is settled. */
	exhausted(): void;
}

export interface ReservationOwner {
	/** The ledger's time, Unix ms. */
	now(): number;
	/** What is counted of them is something else now. */
	changed(subjects: readonly SubjectCounters[]): void;
	/** Told once, with what the request was charged; null where it was given up before it was sent on. */
	settled(reservation: Reservation, charge: Charge | null): void;
	/** A budget was passed by more than one reservation. */
	overshot(budget: CountedBudget, by: number): void;
}

export class Reservation implements Hold, Placed {
	place = -1;
	readonly request: string;
	readonly facts: ChargedFacts;
	readonly estimate: Estimate;
	readonly plan: Plan;
	/** The budget that had no more, where one ended the answer. */
	exhausted: Counter | null = null;
	readonly #owner: ReservationOwner;
	readonly #budgets: readonly CountedBudget[];
	/** Of each budget, without the slack: what the prompt and what passed may have beyond what they look like. */
	readonly #held: number[];
	/** Tokens of the answer for which enough of all budgets is held. */
	#covered: number;
	/** Known once the request is at its upstream. */
	#work: GpuWork | null = null;
	/** Tokens of the answer that have passed. */
	#passed = 0;
	/** Tokens for which slack is held beside those. */
	#hidden = 0;
	/** Whether the next token asks, though it is covered. */
	#asksAnew = false;
	#begun = false;
	#settled = false;

	/** `held` was reserved already, with the slack of the prompt; `covered`: the tokens of the answer that it is enough for. */
	constructor(
		owner: ReservationOwner,
		plan: Plan,
		request: string,
		facts: ChargedFacts,
		{ estimate, held, covered }: { readonly estimate: Estimate; readonly held: number[]; readonly covered: number },
	) {
		this.#owner = owner;
		this.#budgets = plan.kind.budgets;
		this.plan = plan;
		this.request = request;
		this.facts = facts;
		this.estimate = estimate;
		this.#held = held;
		this.#covered = covered;
	}

	/** Whether it wants to know of tokens as they pass. */
	get bounds(): boolean {
		return this.plan.kind.bounds;
	}

	/** The ledger's time, Unix ms. */
	get now(): number {
		return this.#owner.now();
	}

	get begun(): boolean {
		return this.#begun;
	}

	/** Tokens of the answer that are held at this moment. */
	get covered(): number {
		return this.#covered;
	}

	/** How much of what it holds of a unit is slack. */
	slackIn(unit: BudgetUnit): number {
		const slack = slackOf(unit, this.estimate);
		if (this.#hidden === 0) return slack;
		if (unit === "output_tokens" || unit === "tokens") return slack + this.#hidden;
		return unit === "money" ? slack + this.estimate.tariff.nanosOf(0, this.#hidden, 0) : slack;
	}

	/** What it would be charged if nothing more were ever known of it: the most, or a crash would be a way to pass a budget. */
	get held(): Charge {
		const { charge, most, tariff } = this.estimate;
		const outputTokens = (Number.isFinite(this.#covered) ? this.#covered : charge.outputTokens) + this.#hidden;
		const gpuUs = Math.max(charge.gpuUs, this.#work?.gpuUs() ?? 0);
		return { inputTokens: most.inputTokens, outputTokens, gpuUs, nanos: tariff.nanosOf(most.inputTokens, outputTokens, gpuUs) };
	}

	/** It is sent on: from here on it counts as a request, whatever becomes of it. Returns the ledger's time, Unix ms. */
	begin(): number {
		const now = this.#owner.now();
		if (this.#begun || this.#settled) return now;
		this.#begun = true;
		for (const at of this.plan.kind.requests) {
			const budget = this.#budgets[at];
			if (budget === undefined) continue;
			this.#giveBack(budget, at);
			whoOf(this.plan, at).add(budget, 1, now);
		}
		return now;
	}

	runsOn(work: GpuWork): void {
		this.#work = work;
	}

	/** Time has passed on the GPU: holds what may pass until it is looked at again. */
	look(): void {
		if (this.#settled || this.#work === null) return;
		const now = this.#owner.now();
		const gpuUs = this.#work.gpuUs();
		let over: Counter | null = null;
		for (let at = 0; at < this.#budgets.length; at++) {
			const budget = this.#budgets[at];
			if (budget === undefined) continue;
			const { unit } = budget;
			if (unit !== "gpu_seconds" && unit !== "money") continue;
			const wanted = amountOf(unit, this.#chargeAt(this.#tokensAhead, gpuUs + AHEAD_US));
			if (this.#take(budget, at, wanted, now)) continue;
			const tokens = this.estimate.whole ? this.#tokensAhead : this.#passed;
			if (amountOf(unit, this.#chargeAt(tokens, gpuUs + LOOK_MS * 1_000)) > (this.#held[at] ?? 0))
				over = { budget, who: whoOf(this.plan, at) };
		}
		if (over === null) return;
		this.exhausted = over;
		// The next token asks again, so a stream that is in the middle of a frame ends behind it.
		this.#asksAnew = true;
		this.#work.exhausted();
	}

	passed(outputTokens: number, hidden: number): boolean {
		this.#passed = outputTokens;
		if (hidden > this.#hidden && !this.#settled) this.#holdHidden(hidden);
		if (outputTokens < this.#covered && !this.#asksAnew) return true;
		return this.#settled || this.#extend(outputTokens);
	}

	/** The truth is known. Returns what is charged; null where that was settled before. */
	settle(charge: Charge): Charge | null {
		if (this.#settled) return null;
		const now = this.begin();
		this.#settled = true;
		for (let at = 0; at < this.#budgets.length; at++) {
			const budget = this.#budgets[at];
			if (budget === undefined) continue;
			const held = this.#giveBack(budget, at);
			if (!isWeighed(budget)) continue;
			const who = whoOf(this.plan, at);
			const amount = amountOf(budget.unit, charge);
			if (amount > 0) who.add(budget, amount, now);
			if (amount <= held || budget.onExhausted === "finish") continue;
			const beyond = who.used(budget, now) - budget.limit - held;
			if (beyond > 0) this.#owner.overshot(budget, Math.min(beyond, amount - held));
		}
		this.#owner.changed(this.plan.subjects);
		this.#owner.settled(this, charge);
		return charge;
	}

	/** It came to nothing: what it holds is free again. Nothing where it was settled. */
	giveUp(): void {
		if (this.#settled) return;
		if (this.#begun) {
			this.settle(NOTHING);
			return;
		}
		this.#settled = true;
		for (let at = 0; at < this.#budgets.length; at++) {
			const budget = this.#budgets[at];
			if (budget !== undefined) this.#giveBack(budget, at);
		}
		this.#owner.settled(this, null);
	}

	/** Returns what was held. A budget of requests has no slack, so none is given back twice. */
	#giveBack(budget: CountedBudget, at: number): number {
		const held = (this.#held[at] ?? 0) + this.slackIn(budget.unit);
		whoOf(this.plan, at).reserve(budget, -held);
		this.#held[at] = 0;
		return held;
	}

	#chargeAt(outputTokens: number, gpuUs: number): Charge {
		const { charge, tariff } = this.estimate;
		const { inputTokens } = charge;
		return { inputTokens, outputTokens, gpuUs, nanos: tariff.nanosOf(inputTokens, outputTokens, gpuUs) };
	}

	/** Tokens of the answer that may come before anything is asked again. */
	get #tokensAhead(): number {
		return Number.isFinite(this.#covered) ? Math.max(this.#covered, this.#passed) : this.estimate.charge.outputTokens;
	}

	/** Takes up to `wanted` in all; whether it got that. */
	#take(budget: CountedBudget, at: number, wanted: number, now: number): boolean {
		const { unit, onExhausted } = budget;
		const held = this.#held[at] ?? 0;
		const missing = Math.ceil(wanted) - held;
		if (missing <= 0) return true;
		// Its own slack is its own: the estimate goes on, and only others leave room for more.
		const who = whoOf(this.plan, at);
		const room = Math.floor(who.room(budget, now)) + this.slackIn(unit);
		const taken = onExhausted === "finish" ? missing : Math.min(missing, Math.max(0, room));
		who.reserve(budget, taken);
		this.#held[at] = held + taken;
		return taken === missing;
	}

	/** Holds so much more, whether there is room or not, since it may have passed already; then it is asked anew how far the answer may go. */
	#holdHidden(hidden: number): void {
		const before = this.#budgets.map(({ unit }) => this.slackIn(unit));
		this.#hidden = hidden + STEP_TOKENS;
		for (let at = 0; at < this.#budgets.length; at++) {
			const budget = this.#budgets[at];
			if (budget !== undefined) whoOf(this.plan, at).reserve(budget, this.slackIn(budget.unit) - (before[at] ?? 0));
		}
		this.#asksAnew = !this.estimate.whole;
	}

	/** What it holds ahead of `soFar` is given back as far as others need it: what may be hidden in all answers has grown meanwhile. */
	#yield(budget: CountedBudget, at: number, soFar: number, now: number): void {
		const { unit, onExhausted } = budget;
		const who = whoOf(this.plan, at);
		const held = this.#held[at] ?? 0;
		const missing = -(Math.floor(who.room(budget, now)) + this.slackIn(unit));
		const back = onExhausted === "finish" ? 0 : Math.min(missing, held - Math.ceil(soFar));
		if (back <= 0) return;
		who.reserve(budget, -back);
		this.#held[at] = held - back;
	}

	/** Takes what the next tokens need; false where one that may end the answer has not even what passed already. */
	#extend(outputTokens: number): boolean {
		const now = this.#owner.now();
		const gpuUs = this.#work?.gpuUs() ?? 0;
		const soFar = this.#chargeAt(outputTokens, gpuUs);
		const perToken = outputTokens === 0 ? 0 : gpuUs / outputTokens;
		const next = this.#chargeAt(outputTokens + STEP_TOKENS, gpuUs + perToken * STEP_TOKENS);
		let covered = Number.POSITIVE_INFINITY;
		this.#asksAnew = false;
		for (let at = 0; at < this.#budgets.length; at++) {
			const budget = this.#budgets[at];
			if (budget === undefined || !isWeighed(budget) || budget.unit === "input_tokens") continue;
			const { unit } = budget;
			if (!this.estimate.whole) this.#yield(budget, at, amountOf(unit, soFar), now);
			const isEnough = this.#take(budget, at, amountOf(unit, next), now);
			const left = (this.#held[at] ?? 0) - amountOf(unit, soFar);
			const each = (amountOf(unit, next) - amountOf(unit, soFar)) / STEP_TOKENS;
			let more = each === 0 ? Number.POSITIVE_INFINITY : Math.floor(Math.max(0, left) / each);
			if (!isEnough && left <= 0) more = 0;
			// Of time only so far as it is looked at again.
			else if (unit === "gpu_seconds") more = Math.min(more, STEP_TOKENS);
			if (more === 0) this.exhausted = { budget, who: whoOf(this.plan, at) };
			covered = Math.min(covered, outputTokens + more);
		}
		this.#covered = covered;
		return outputTokens < covered;
	}
}
