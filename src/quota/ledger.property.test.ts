/**
 * Any interleaving of callers, ends, departures, crashes and clock jumps, against a model that adds up by itself: what was used never passes a budget that ends
 * answers by more than one reservation, however wrong the estimates of prompts are, nothing that fits is refused, nothing held is ever left behind.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { budgetsSpec, charge, NOON, principal, standing, type TestedLedger, testedLedger } from "../../test/support/budgets.ts";
import { endedEvent, startedEvent } from "../../test/support/sample-events.ts";
import type { BudgetSpec, BudgetUnit, OnExhausted } from "../model/budget-spec.ts";
import type { Charge } from "../model/charge.ts";
import type { Event } from "../model/event.ts";
import type { BudgetSnapshot } from "../ports/budget-store.ts";
import { amountOf } from "./amount.ts";
import { reservedOf } from "./ledger.ts";
import { Replay } from "./replay.ts";
import type { Reservation } from "./reservation.ts";
import { Reservation as ReservationClass } from "./reservation.ts";

const DAY = 86_400_000;
const LIMIT = 4_000;
/** Of a template that nobody knows yet. */
const TEMPLATE_MOST = 512;
const CALLERS = [principal("ada00000"), principal("bob00000")];

interface Running {
	readonly hold: Reservation;
	readonly caller: number;
	/** Tokens that passed so far. */
	passed: number;
	/** What a crash would charge: of the event, or of a later save. */
	owed: number;
	readonly bound: number;
	/** Tokens that the prompt turns out to have. */
	readonly inputTokens: number;
	/** How many tokens more each frame of the answer may hold, and how many those of the whole answer turn out to be. */
	readonly hidden: number;
	secret: number;
}

interface Asked {
	readonly bound: number;
	readonly guessed: number;
	/** How many tokens there can be for each that was guessed. */
	readonly density: number;
	/** How dense it is, of what is possible. */
	readonly part: number;
	readonly hidden: number;
}

/** Adds up by itself, from nothing but what happened. */
class Model {
	tested: TestedLedger;
	readonly unit: BudgetUnit;
	readonly mode: OnExhausted;
	readonly spec: Partial<BudgetSpec>;
	readonly running: Running[] = [];
	/** Used in the present day, of each caller. */
	used = [0, 0];
	/**
	 * What nobody could hold, of each caller: what last frames hid was known when it had passed, while others held what was left; and what was given back to
	 * others since it was on record is charged by a crash all the same.
	 */
	late = [0, 0];
	/** What the most that a request may be is above what it looks like. */
	biggestSlack = 0;
	day = Math.floor(NOON / DAY);
	latest = NOON;
	log: Event[] = [];
	saved: BudgetSnapshot = { seq: 0, at: 0, save: 0, definitions: [], records: [], open: [] };
	pages: BudgetSnapshot[] = [];

	constructor(unit: BudgetUnit, mode: OnExhausted) {
		this.unit = unit;
		this.mode = mode;
		this.spec = { unit, limit: LIMIT, onExhausted: mode };
		this.tested = testedLedger(budgetsSpec([this.spec]));
		this.save();
	}

	/** Lets the wall clock show something else while `passed` ms go by. */
	clock(wall: number, passed: number): void {
		const { time } = this.tested;
		time.wall = wall;
		time.monotonic += passed;
		this.latest = wall >= this.latest ? wall : this.latest + passed;
		const day = Math.floor(this.latest / DAY);
		assert.equal(this.tested.ledger.now(), this.latest);
		if (day <= this.day) return;
		this.day = day;
		this.used = [0, 0];
		this.late = [0, 0];
		// The server saves every few seconds while anything runs, so midnight is on record soon after.
		this.save();
	}

	amount(charged: Charge): number {
		return amountOf(this.unit, charged);
	}

	heldOf(caller: number): number {
		return this.running.filter((each) => each.caller === caller).reduce((sum, { hold }) => sum + this.amount(hold.held), 0);
	}

	reserve(caller: number, { bound, guessed, density, part, hidden }: Asked): void {
		const who = CALLERS[caller];
		assert.ok(who !== undefined);
		const free = LIMIT - (this.used[caller] ?? 0) - this.heldOf(caller);
		const mostInput = guessed * density;
		const got = this.tested.reserve(who, { outputBound: bound, guessedInput: guessed, mostInput });
		if (!(got instanceof ReservationClass)) {
			assert.ok(got.needed > free, `refused ${got.needed} of ${free}`);
			const most = this.amount(charge(bound, mostInput + TEMPLATE_MOST));
			assert.ok(most > free, `refused what fits in any case: ${most} of ${free}`);
			return;
		}
		const { estimate } = got;
		const estimated = this.amount({ ...got.held, inputTokens: estimate.charge.inputTokens });
		assert.ok(this.mode === "finish" ? free >= 1 : estimated <= free, `let ${estimated} in where ${free} was free`);
		const owed = this.amount(got.held);
		this.biggestSlack = Math.max(this.biggestSlack, this.amount(estimate.most) - this.amount(estimate.charge));
		this.log.push(startedEvent({ request: got.request, at: this.latest, principal: who.id, peer: "192.0.2.1", reserved: reservedOf(got) }));
		this.running.push({
			hold: got,
			caller,
			passed: 0,
			owed,
			bound,
			inputTokens: Math.floor(estimate.most.inputTokens * part),
			hidden,
			secret: 0,
		});
	}

	/** Tokens pass until as many as wanted, until the model's own bound, or until a budget ends it. */
	stream(at: number, tokens: number): void {
		const running = this.running[at % Math.max(1, this.running.length)];
		if (running === undefined) return;
		const { hold, caller } = running;
		const { covered } = hold;
		hold.begin();
		for (let token = 0; token < tokens && running.passed < running.bound; token++) {
			if (!hold.passed(running.passed, running.passed * running.hidden)) return this.end(at);
			running.passed += 1;
			running.secret += running.hidden;
			this.biggestSlack = Math.max(this.biggestSlack, hold.slackIn(this.unit));
		}
		if (this.mode !== "finish" && hold.covered > covered) {
			const own = hold.slackIn(this.unit);
			const taken = (this.used[caller] ?? 0) + this.heldOf(caller) - own;
			assert.ok(taken <= LIMIT, `went on by its estimate to ${taken}`);
		}
	}

	end(at: number): void {
		const [running] = this.running.splice(at % Math.max(1, this.running.length), 1);
		if (running === undefined) return;
		// What its last frame hides is known before the closing record comes.
		running.hold.passed(running.passed, running.secret);
		this.biggestSlack = Math.max(this.biggestSlack, running.hold.slackIn(this.unit));
		this.late[running.caller] = (this.late[running.caller] ?? 0) + running.hidden;
		const charged = running.hold.settle(charge(running.passed + running.secret, running.inputTokens));
		running.hold.giveUp();
		this.log.push(endedEvent({ request: running.hold.request, at: this.latest, charged }));
		this.used[running.caller] =
			(this.used[running.caller] ?? 0) + this.amount(charge(running.passed + running.secret, running.inputTokens));
	}

	save(): void {
		const { keepFrom, ...changes } = this.tested.ledger.changes(this.log.length);
		this.pages = this.pages.filter(({ save }) => save >= keepFrom);
		this.pages.push(changes);
		this.saved = structuredClone({ ...changes, records: this.pages.flatMap(({ records }) => records) });
		for (const running of this.running) running.owed = this.amount(running.hold.held);
	}

	/** Nothing is left but what was saved and what is on record. */
	crash(): void {
		for (const { caller, owed, hold } of this.running.splice(0)) {
			this.used[caller] = (this.used[caller] ?? 0) + owed;
			this.late[caller] = (this.late[caller] ?? 0) + Math.max(0, owed - this.amount(hold.held));
		}
		const { time } = this.tested;
		// Monotonic clocks begin anew.
		time.monotonic = 5;
		this.tested = testedLedger(budgetsSpec([this.spec]), time);
		this.tested.ledger.restore(this.saved);
		const replay = new Replay(this.tested.ledger, this.saved);
		for (const event of this.log.slice(this.saved.seq)) replay.take(event);
		replay.finish();
		// A clock that was set back shows so after a restart too, and the time of the last event is all that is known.
		const last = Math.max(this.saved.at, ...this.log.slice(this.saved.seq).map((event) => event.at));
		this.latest = Math.max(last, time.wall);
		this.clock(time.wall, 0);
		this.save();
	}

	check(): void {
		for (const caller of CALLERS.keys()) {
			const { used, held } = standing(this.tested.ledger, CALLERS[caller]?.id ?? "");
			assert.equal(used, this.used[caller], "used is what was used");
			assert.equal(held, this.heldOf(caller), "held is what runs");
			// Where answers may run on, all do that were let in while there was room.
			if (this.mode === "finish") continue;
			// What one request was wrong about its prompt and its answer.
			const most = LIMIT + this.biggestSlack + (this.late[caller] ?? 0);
			assert.ok((this.used[caller] ?? 0) + held <= most, `${held} held beside ${this.used[caller]}, and ${most} are the most`);
		}
		assert.equal(this.tested.ledger.open, this.running.length);
		assert.deepEqual(this.tested.overshoots, []);
	}
}

const asked = fc.record({
	bound: fc.integer({ min: 1, max: 3_000 }),
	guessed: fc.nat(300),
	density: fc.integer({ min: 1, max: 8 }),
	hidden: fc.oneof(fc.constant(0), fc.nat(3)),
	part: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
});

const step = fc.oneof(
	{ weight: 6, arbitrary: fc.record({ act: fc.constant("reserve" as const), caller: fc.nat(1), asked }) },
	{ weight: 6, arbitrary: fc.record({ act: fc.constant("stream" as const), at: fc.nat(9), tokens: fc.integer({ min: 1, max: 1_500 }) }) },
	{ weight: 4, arbitrary: fc.record({ act: fc.constant("end" as const), at: fc.nat(9) }) },
	{ weight: 2, arbitrary: fc.record({ act: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: DAY / 2 }) }) },
	{ weight: 1, arbitrary: fc.record({ act: fc.constant("jump" as const), ms: fc.integer({ min: -3 * DAY, max: 3 * DAY }) }) },
	{ weight: 1, arbitrary: fc.record({ act: fc.constant("save" as const) }) },
	{ weight: 1, arbitrary: fc.record({ act: fc.constant("crash" as const) }) },
);

for (const unit of ["output_tokens", "tokens", "input_tokens"] as const) {
	for (const mode of ["refuse", "cut", "finish"] as const) {
		test(`${unit}, ${mode}: holds whatever comes, goes, crashes and jumps`, () => {
			fc.assert(
				fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
					const model = new Model(unit, mode);
					for (const step of steps) {
						take(model, step);
						model.check();
					}
				}),
				{ numRuns: 200 },
			);
		});
	}
}

type Step = typeof step extends fc.Arbitrary<infer Each> ? Each : never;

function take(model: Model, step: Step): void {
	const { time } = model.tested;
	switch (step.act) {
		case "reserve":
			return model.reserve(step.caller, step.asked);
		case "stream":
			return model.stream(step.at, step.tokens);
		case "end":
			return model.end(step.at);
		case "wait":
			return model.clock(time.wall + step.ms, step.ms);
		case "jump":
			return model.clock(time.wall + step.ms, 1);
		case "save":
			return model.save();
		case "crash":
			return model.crash();
	}
}
