/**
 * Any interleaving of callers, ends, departures, crashes and clock jumps, against a model that adds up by itself: what was used never passes the budget by
 * more than one reservation, nothing that fits is refused, nothing held is ever left behind.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { budgetsSpec, charge, NOON, principal, type TestedLedger, testedLedger } from "../../test/support/budgets.ts";
import { endedEvent, startedEvent } from "../../test/support/sample-events.ts";
import type { BudgetSpec, OnExhausted } from "../model/budget-spec.ts";
import type { Event } from "../model/event.ts";
import type { BudgetSnapshot } from "../ports/budget-store.ts";
import type { Counter } from "./counter.ts";
import { reservedOf } from "./ledger.ts";
import { replay } from "./replay.ts";
import type { Reservation } from "./reservation.ts";
import { Reservation as ReservationClass } from "./reservation.ts";

const DAY = 86_400_000;
const LIMIT = 2_000;
const CALLERS = [principal("ada00000"), principal("bob00000")];

interface Running {
	readonly hold: Reservation;
	readonly caller: number;
	/** Tokens that passed so far. */
	passed: number;
	/** What a crash would charge: of the event, or of a later save. */
	owed: number;
	readonly bound: number;
}

/** Adds up by itself, from nothing but what happened. */
class Model {
	tested: TestedLedger;
	readonly mode: OnExhausted;
	readonly spec: Partial<BudgetSpec>;
	readonly running: Running[] = [];
	/** Used in the present day, of each caller. */
	used = [0, 0];
	biggest = 0;
	day = Math.floor(NOON / DAY);
	latest = NOON;
	log: Event[] = [];
	saved: BudgetSnapshot = { seq: 0, at: 0, definitions: [], subjects: [], open: [] };

	constructor(mode: OnExhausted) {
		this.mode = mode;
		this.spec = { unit: "output_tokens", limit: LIMIT, onExhausted: mode };
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
		// The server saves every few seconds while anything runs, so midnight is on record soon after.
		this.save();
	}

	counter(caller: number): Counter {
		const counter = this.tested.ledger.budgets[0]?.counterOf(CALLERS[caller]?.id ?? "");
		assert.ok(counter !== undefined);
		return counter;
	}

	reserve(caller: number, bound: number): void {
		const who = CALLERS[caller];
		assert.ok(who !== undefined);
		const held = this.running.filter((each) => each.caller === caller).reduce((sum, { hold }) => sum + hold.held.outputTokens, 0);
		const free = LIMIT - (this.used[caller] ?? 0) - held;
		const got = this.tested.reserve(who, { outputBound: bound });
		if (!(got instanceof ReservationClass)) {
			assert.ok(this.mode === "refuse" ? got.needed > free : free < 1, `refused ${got.needed} of ${free}`);
			return;
		}
		const { outputTokens } = got.held;
		assert.ok(this.mode === "finish" ? free >= 1 : outputTokens <= free, `let ${outputTokens} in where ${free} was free`);
		this.biggest = Math.max(this.biggest, outputTokens);
		this.log.push(startedEvent({ request: got.request, at: this.latest, principal: who.id, peer: "192.0.2.1", reserved: reservedOf(got) }));
		this.running.push({ hold: got, caller, passed: 0, owed: outputTokens, bound });
	}

	/** Tokens pass until as many as wanted, until the model's own bound, or until a budget ends it. */
	stream(at: number, tokens: number): void {
		const running = this.running[at % Math.max(1, this.running.length)];
		if (running === undefined) return;
		running.hold.begin();
		for (let token = 0; token < tokens && running.passed < running.bound; token++) {
			if (!running.hold.passed(running.passed)) return this.end(at);
			running.passed += 1;
		}
		this.biggest = Math.max(this.biggest, running.hold.held.outputTokens);
	}

	end(at: number): void {
		const [running] = this.running.splice(at % Math.max(1, this.running.length), 1);
		if (running === undefined) return;
		const charged = running.hold.settle(charge(running.passed));
		running.hold.giveUp();
		this.log.push(endedEvent({ request: running.hold.request, at: this.latest, charged }));
		this.used[running.caller] = (this.used[running.caller] ?? 0) + running.passed;
	}

	save(): void {
		const changes = this.tested.ledger.changes(this.log.length);
		const subjects = new Map(this.saved.subjects.map((each) => [each.subject, each]));
		for (const [, subject] of changes.forgotten) subjects.delete(subject);
		for (const each of changes.subjects) subjects.set(each.subject, each);
		this.saved = JSON.parse(JSON.stringify({ ...changes, subjects: Array.from(subjects.values()) }));
		for (const running of this.running) running.owed = running.hold.held.outputTokens;
	}

	/** Nothing is left but what was saved and what is on record. */
	crash(): void {
		for (const { caller, owed } of this.running.splice(0)) this.used[caller] = (this.used[caller] ?? 0) + owed;
		const { time } = this.tested;
		// Monotonic clocks begin anew.
		time.monotonic = 5;
		this.tested = testedLedger(budgetsSpec([this.spec]), time);
		this.tested.ledger.restore(this.saved);
		replay(this.tested.ledger, this.saved, this.log.slice(this.saved.seq));
		// A clock that was set back shows so after a restart too, and the time of the last event is all that is known.
		const last = Math.max(this.saved.at, ...this.log.slice(this.saved.seq).map((event) => event.at));
		this.latest = Math.max(last, time.wall);
		this.clock(time.wall, 0);
		this.save();
	}

	check(): void {
		for (const caller of CALLERS.keys()) {
			const counter = this.counter(caller);
			const held = this.running.filter((each) => each.caller === caller).reduce((sum, { hold }) => sum + hold.held.outputTokens, 0);
			assert.equal(counter.used(this.tested.ledger.now()), this.used[caller], "used is what was used");
			assert.equal(counter.reserved, held, "held is what runs");
			const beyond = this.mode === "finish" ? this.biggest : 0;
			assert.ok((this.used[caller] ?? 0) <= LIMIT + beyond, `${this.used[caller]} used of ${LIMIT}`);
		}
		assert.equal(this.tested.ledger.open, this.running.length);
		assert.deepEqual(this.tested.overshoots, []);
	}
}

const step = fc.oneof(
	{ weight: 6, arbitrary: fc.record({ act: fc.constant("reserve"), caller: fc.nat(1), amount: fc.integer({ min: 1, max: 900 }) }) },
	{ weight: 6, arbitrary: fc.record({ act: fc.constant("stream"), caller: fc.nat(9), amount: fc.integer({ min: 1, max: 700 }) }) },
	{ weight: 4, arbitrary: fc.record({ act: fc.constant("end"), caller: fc.nat(9), amount: fc.constant(0) }) },
	{ weight: 2, arbitrary: fc.record({ act: fc.constant("wait"), caller: fc.nat(9), amount: fc.integer({ min: 0, max: DAY / 2 }) }) },
	{ weight: 1, arbitrary: fc.record({ act: fc.constant("jump"), caller: fc.nat(9), amount: fc.integer({ min: -3 * DAY, max: 3 * DAY }) }) },
	{ weight: 1, arbitrary: fc.record({ act: fc.constant("save"), caller: fc.constant(0), amount: fc.constant(0) }) },
	{ weight: 1, arbitrary: fc.record({ act: fc.constant("crash"), caller: fc.constant(0), amount: fc.constant(0) }) },
);

for (const mode of ["refuse", "cut", "finish"] as const) {
	test(`${mode}: holds whatever comes, goes, crashes and jumps`, () => {
		fc.assert(
			fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
				const model = new Model(mode);
				for (const { act, caller, amount } of steps) {
					switch (act) {
						case "reserve":
							model.reserve(caller, amount);
							break;
						case "stream":
							model.stream(caller, amount);
							break;
						case "end":
							model.end(caller);
							break;
						case "wait":
							model.clock(model.tested.time.wall + amount, amount);
							break;
						case "jump":
							model.clock(model.tested.time.wall + amount, 1);
							break;
						case "save":
							model.save();
							break;
						case "crash":
							model.crash();
					}
					model.check();
				}
			}),
			{ numRuns: 300 },
		);
	});
}
