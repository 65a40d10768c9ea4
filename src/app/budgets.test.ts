/** What a former run left, in whatever state it ended. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import { LLAMA, principal, standings } from "../../test/support/budgets.ts";
import { MemoryBudgetStore } from "../../test/support/memory-budget-store.ts";
import { MemoryEventLog } from "../../test/support/memory-event-log.ts";
import { endedEvent, startedEvent } from "../../test/support/sample-events.ts";
import type { Config } from "../config/config.ts";
import { parseConfig } from "../config/parse.ts";
import { factsOf, reservedOf } from "../quota/ledger.ts";
import { Reservation } from "../quota/reservation.ts";
import { Budgets } from "./budgets.ts";

const ADA = principal("ada00000");
const CALLS = "calls: { unit: requests, limit: 1000000, per: month }";
const AT = Date.UTC(2026, 10, 23, 12);

function configOf(...budgets: readonly string[]): Config {
	const parsed = parseConfig(`budgets: { ${budgets.join(", ")} }\n`, "test");
	assert.ok("config" in parsed, JSON.stringify(parsed));
	return parsed.config;
}

class Run {
	readonly store = new MemoryBudgetStore();
	readonly log = new MemoryEventLog();
	readonly recorded: string[] = [];

	async start(context: TestContext, ...budgets: readonly string[]): Promise<Budgets> {
		const { store, log } = this;
		const record = (event: { readonly type: string }): void => void this.recorded.push(event.type);
		const opened = await Budgets.open(configOf(...budgets), { store, events: log, record, now: () => AT, monotonic: () => 0 });
		context.after(() => opened.close());
		return opened;
	}

	/** A request from its start to its end, as the pipeline counts and records it. */
	request(budgets: Budgets, name: string, who = ADA): void {
		const { ledger } = budgets;
		const facts = factsOf(who, LLAMA.short, "");
		const hold = ledger.reserve(ledger.planOf(facts), name, facts, null);
		assert.ok(hold instanceof Reservation);
		this.log.append(startedEvent({ at: AT, request: name, principal: who.id, reserved: reservedOf(hold) }));
		this.log.append(endedEvent({ at: AT, request: name, charged: hold.settle({ inputTokens: 0, outputTokens: 0, gpuUs: 0, nanos: 0 }) }));
	}
}

const usedOf = (budgets: Budgets): readonly number[] => standings(budgets.ledger).map(({ used }) => used);

test("a crash after saves failed for long: every event since the last that succeeded is counted", async (context) => {
	const run = new Run();
	const first = await run.start(context, CALLS);
	run.store.fail("disk full");
	const REQUESTS = 10_500;
	for (let request = 0; request < REQUESTS; request++) run.request(first, `r${request}`);
	await assert.rejects(first.save(), /disk full/);
	run.store.fail(null);
	assert.deepEqual(usedOf(await run.start(context, CALLS)), [REQUESTS]);
});

test("a save that failed is told once, and the next one is whole", async (context) => {
	const run = new Run();
	const first = await run.start(context, CALLS);
	run.request(first, "r1");
	run.store.fail("disk full");
	for (let time = 0; time < 2; time++) await assert.rejects(first.save(), /disk full/);
	run.store.fail(null);
	await first.save();
	assert.deepEqual(run.recorded, ["fault-raised"]);
	assert.deepEqual(usedOf(await run.start(context, CALLS)), [1]);
});

test("a run without budgets leaves nothing that a later one would misread", async (context) => {
	const run = new Run();
	const first = await run.start(context, CALLS);
	for (let save = 0; save < 5; save++) {
		run.request(first, `r${save}`, principal("bob00000"));
		await first.save();
	}
	await run.start(context);
	const other = await run.start(context, "others: { unit: requests, limit: 9, per: day }", CALLS);
	assert.deepEqual(usedOf(other), []);
	run.request(other, "r9");
	await other.save();
	assert.deepEqual(usedOf(await run.start(context, "others: { unit: requests, limit: 9, per: day }", CALLS)), [1, 1]);
});
