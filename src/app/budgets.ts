/**
 * Budgets in a running server: the ledger, what a former run left of it, and the saves that carry it over to the next.
 *
 *  - A start takes over the last save, settles from the log what came after it, and saves at once; only then is anything let in.
 *  - Saved every ten seconds while something changes or runs, sooner where many events came, with the number of the last event that is counted in. The
 *    log knows the rest, so a save only bounds how much of it a start has to read.
 *  - A save that fails is told once and tried again; budgets go on in memory meanwhile.
 */
import type { Config } from "../config/config.ts";
import type { BudgetsSpec } from "../model/budget-spec.ts";
import type { Event } from "../model/event.ts";
import type { BudgetSnapshot, BudgetStore } from "../ports/budget-store.ts";
import type { EventLog } from "../ports/event-log.ts";
import { LOOK_MS as GPU_LOOK_MS } from "../quota/gpu-look.ts";
import { Ledger } from "../quota/ledger.ts";
import { Replay } from "../quota/replay.ts";
import { networkOf } from "../std/network-of.ts";
import { modelMatcher } from "./model-matcher.ts";

export interface BudgetsDeps {
	readonly store: BudgetStore;
	readonly events: EventLog;
	readonly record: (event: Event) => void;
	readonly now: () => number;
	readonly monotonic: () => number;
}

const LOOK_MS = 2_000;
const SAVE_MS = 10_000;
/** So that a save, which is made in one step, takes a few milliseconds however busy the server is. */
const SAVE_EVENTS = 32_000;
const SWEEP_MS = 2_000;
/** Some twenty megabytes in memory. */
const REPLAYED_AT_ONCE = 20_000;
/** What one customer is given. */
const NETWORK = { v4: 32, v6: 64 } as const;

export class Budgets {
	readonly ledger: Ledger;
	readonly #deps: BudgetsDeps;
	#timers: readonly NodeJS.Timeout[] = [];
	/** There only where a budget goes by time. */
	#looking: NodeJS.Timeout | undefined;
	#saving: Promise<void> = Promise.resolve();
	#failed = false;
	#savedAt = 0;
	#savedSeq = 0;
	/** Whether what is kept may be something else than what is. */
	#due = false;
	#overshoots = 0;

	private constructor(config: Config, deps: BudgetsDeps) {
		this.#deps = deps;
		this.ledger = new Ledger(budgetsSpecOf(config), {
			now: deps.now,
			monotonic: deps.monotonic,
			modelMatcher,
			networkOf: (peer) => networkOf(peer, NETWORK),
			onOvershoot: () => {
				this.#overshoots += 1;
			},
		});
	}

	/** Rejects where what is kept cannot be read: budgets that begin anew with each damage would be none. */
	static async open(config: Config, deps: BudgetsDeps): Promise<Budgets> {
		const budgets = new Budgets(config, deps);
		await budgets.#takeOver();
		const save = setInterval(() => void budgets.#saveWhereDue(), LOOK_MS);
		const sweep = setInterval(() => budgets.ledger.forgetIdle(), SWEEP_MS);
		budgets.#timers = [save, sweep];
		budgets.#lookWhereTimed();
		for (const timer of budgets.#timers) timer.unref();
		return budgets;
	}

	/** Times that a budget was passed by more than one reservation. */
	get overshoots(): number {
		return this.#overshoots;
	}

	/** The wall's; the ledger's own does not go back. */
	get clock(): () => number {
		return this.#deps.now;
	}

	adjust(config: Config): void {
		this.ledger.adjust(budgetsSpecOf(config));
		this.#lookWhereTimed();
		this.#due = true;
	}

	/** Resolves when what is counted so far is on disk. */
	save(): Promise<void> {
		const { store, events } = this.#deps;
		const saved = this.#saving.then(() => {
			this.#savedAt = this.#deps.monotonic();
			this.#savedSeq = events.lastSeq;
			return store.save(this.ledger.changes(this.#savedSeq));
		});
		this.#saving = saved.then(
			() => {
				this.#failed = false;
			},
			(error: unknown) => this.#couldNot(error),
		);
		return saved;
	}

	async close(): Promise<void> {
		for (const timer of this.#timers) clearInterval(timer);
		clearInterval(this.#looking);
		if (!this.ledger.isEmpty || this.#due) await this.save().catch(() => undefined);
		await this.#saving;
	}

	#lookWhereTimed(): void {
		clearInterval(this.#looking);
		this.#looking = this.ledger.isTimed ? setInterval(() => this.ledger.look(), GPU_LOOK_MS).unref() : undefined;
	}

	async #takeOver(): Promise<void> {
		const { store } = this.#deps;
		const kept = await store.load();
		if (kept === null && this.ledger.isEmpty) return;
		// Also where no budget is left: what is saved next counts its saves on from there.
		if (kept !== null) this.ledger.restore(kept);
		// Where there was no budget, nothing was held, and the log since then may be that of a year.
		if (kept !== null && kept.definitions.length > 0 && !this.ledger.isEmpty) await this.#replay(kept);
		await this.save();
	}

	/** From the oldest on, and all of them: where saves failed for long, that is what budgets live by. */
	async #replay(kept: BudgetSnapshot): Promise<void> {
		const { events } = this.#deps;
		const replay = new Replay(this.ledger, kept);
		const { lastSeq } = events;
		for (let afterSeq = kept.seq; afterSeq < lastSeq; afterSeq += REPLAYED_AT_ONCE) {
			const part = { afterSeq, beforeSeq: afterSeq + REPLAYED_AT_ONCE + 1, limit: REPLAYED_AT_ONCE };
			for (const { event } of await events.read({ ...part, types: ["request-started", "request-ended"] })) replay.take(event);
		}
		replay.finish();
	}

	async #saveWhereDue(): Promise<void> {
		const isDue = this.#due || this.ledger.hasChanges || this.ledger.open > 0;
		if (!isDue) return;
		const { events, monotonic } = this.#deps;
		if (monotonic() - this.#savedAt < SAVE_MS && events.lastSeq - this.#savedSeq < SAVE_EVENTS) return;
		// What runs now has ended at the next look: that is saved too.
		this.#due = this.ledger.open > 0;
		await this.save().catch(() => undefined);
	}

	#couldNot(error: unknown): void {
		this.ledger.changedAll();
		this.#due = true;
		if (this.#failed) return;
		this.#failed = true;
		const detail = `budgets cannot be kept over a restart: ${error instanceof Error ? error.message : String(error)}`;
		this.#deps.record({ type: "fault-raised", at: this.#deps.now(), fault: "internal-error", detail });
	}
}

function budgetsSpecOf({ budgets, prices, usage }: Config): BudgetsSpec {
	return { budgets, prices, timeZone: usage.timeZone };
}
