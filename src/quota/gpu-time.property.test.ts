/**
 * Requests that share a GPU, of which nobody knows beforehand how long they take: whatever comes, ends and leaves in between, a budget of GPU time or of money
 * for it is never passed, and nobody is ended while there is time left.
 */
import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { budgetsSpec, principal, standing, type TestedLedger, testedLedger } from "../../test/support/budgets.ts";
import type { OnExhausted } from "../model/budget-spec.ts";
import { LOOK_MS } from "./gpu-look.ts";
import { Reservation } from "./reservation.ts";
import { ShareClock } from "./share-clock.ts";

const LIMIT_US = 3_000_000;
const ADA = principal("ada00000");

interface Running {
	readonly hold: Reservation;
	readonly virtual: number;
	readonly since: number;
}

class Gpu {
	readonly tested: TestedLedger;
	readonly share = new ShareClock();
	readonly running = new Set<Running>();
	readonly #isMoney: boolean;
	readonly #mode: OnExhausted;
	ended = 0;
	#settled = 0;

	constructor(unit: "gpu_seconds" | "money", mode: OnExhausted) {
		this.#isMoney = unit === "money";
		this.#mode = mode;
		// A billionth for a microsecond, so that one number stands for both.
		const prices = [["*", { input: 0, output: 0, gpuSecond: 1_000_000 }]] as const;
		this.tested = testedLedger(budgetsSpec([{ unit, limit: LIMIT_US, onExhausted: mode }], { prices }));
	}

	get standing() {
		return standing(this.tested.ledger, ADA.id);
	}

	start(whole: boolean): void {
		const { time, reserve } = this.tested;
		const hold = reserve(ADA, { whole });
		if (!(hold instanceof Reservation)) return;
		const virtual = this.share.enter(time.monotonic);
		const running = { hold, virtual, since: time.monotonic };
		hold.begin();
		hold.runsOn({
			gpuUs: () => this.share.chargedMs(virtual, time.monotonic) * 1_000,
			exhausted: () => {
				assert.notEqual(this.#mode, "finish");
				const { used, held } = this.standing;
				const free = LIMIT_US - used - held;
				assert.ok(free < LOOK_MS * 1_000, `ended while ${free} were free`);
				this.ended += 1;
				this.end(running, 1);
			},
		});
		this.running.add(running);
	}

	/** `part`: of the time that passed, what the server says it was. */
	end(running: Running, part: number): void {
		const { time } = this.tested;
		this.running.delete(running);
		this.#settled += 1;
		const share = this.share.leave(running.virtual, running.since, time.monotonic);
		const gpuUs = Math.ceil((time.monotonic - running.since) * 1_000 * part * share);
		running.hold.settle({ inputTokens: 0, outputTokens: 0, gpuUs, nanos: this.#isMoney ? gpuUs : 0 });
	}

	check(): void {
		const { used, held } = this.standing;
		// Each share is a whole number of microseconds, rounded up.
		if (this.#mode !== "finish") assert.ok(used <= LIMIT_US + this.#settled, `${used} used of ${LIMIT_US}`);
		assert.deepEqual(this.tested.overshoots, []);
		if (this.running.size === 0) assert.equal(held, 0);
	}
}

const step = fc.oneof(
	{ weight: 3, arbitrary: fc.record({ act: fc.constant("start" as const), whole: fc.boolean() }) },
	{ weight: 6, arbitrary: fc.record({ act: fc.constant("pass" as const), looks: fc.integer({ min: 1, max: 20 }) }) },
	{
		weight: 2,
		arbitrary: fc.record({ act: fc.constant("end" as const), at: fc.nat(9), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
	},
);

for (const unit of ["gpu_seconds", "money"] as const) {
	for (const mode of ["refuse", "cut", "finish"] as const) {
		test(`${unit}, ${mode}: is never passed, whoever shares the GPU`, () => {
			let ended = 0;
			fc.assert(
				fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
					const gpu = new Gpu(unit, mode);
					for (const each of steps) {
						if (each.act === "start") gpu.start(each.whole);
						else if (each.act === "end") {
							const running = Array.from(gpu.running)[each.at % Math.max(1, gpu.running.size)];
							if (running !== undefined) gpu.end(running, each.part);
						} else {
							for (let look = 0; look < each.looks; look++) {
								gpu.tested.pass(LOOK_MS);
								gpu.tested.ledger.look();
							}
						}
						gpu.check();
					}
					for (const running of gpu.running) gpu.end(running, 1);
					gpu.check();
					ended += gpu.ended;
				}),
				{ numRuns: 100 },
			);
			assert.equal(ended > 0, mode !== "finish");
		});
	}
}
