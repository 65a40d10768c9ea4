import assert from "node:assert/strict";
import { test } from "node:test";
import { budgetsSpec, charge, LLAMA, principal, standing, standings, testedLedger } from "../../test/support/budgets.ts";
import type { BudgetSpec } from "../model/budget-spec.ts";
import type { BudgetChanges } from "../ports/budget-store.ts";
import { factsOf } from "./ledger.ts";
import { countersIn } from "./plan.ts";
import { Reservation } from "./reservation.ts";
import { latestRecords } from "./subject-records.ts";

const ADA = principal("ada00000");
const BOB = principal("bob00000");
const DAY = 86_400_000;

function fits(reserved: unknown): boolean {
	return reserved instanceof Reservation;
}

/** Scope and subject of each record, and of each of its budgets how much was used. */
function savedIn({ records }: BudgetChanges) {
	return Array.from(latestRecords(records), ({ scope, subject, counts }) => [
		scope,
		subject,
		counts.map(({ place, used }) => [place, used]),
	]);
}

test("refuses the request after the limit, names the budget and says when it renews", () => {
	const { ledger, reserve, held, time } = testedLedger(budgetsSpec([{ limit: 2 }]));
	for (let request = 0; request < 2; request++) held(ADA).settle(charge(0));
	const refused = reserve(ADA);
	assert.ok(!(refused instanceof Reservation));
	assert.equal(refused.counter.budget.spec.name, "daily");
	assert.equal(refused.retryAt, time.wall + DAY / 2);
	assert.equal(ledger.open, 0);
	assert.ok(fits(reserve(BOB)));
});

test("of several that refuse, names the one that renews last", () => {
	const { reserve, held } = testedLedger(
		budgetsSpec([
			{ name: "hourly", per: "hour", limit: 1 },
			{ name: "monthly", per: "month", limit: 1 },
			{ name: "daily", limit: 1 },
		]),
	);
	held(ADA).settle(charge(0));
	const refused = reserve(ADA);
	assert.ok(!(refused instanceof Reservation));
	assert.equal(refused.counter.budget.spec.name, "monthly");
});

test("what one budget refuses takes nothing of the others", () => {
	const { reserve, ledger } = testedLedger(
		budgetsSpec([
			{ name: "wide", limit: 100 },
			{ name: "narrow", limit: 1, unit: "concurrent", per: null },
		]),
	);
	assert.ok(fits(reserve(ADA)));
	assert.ok(!fits(reserve(ADA)));
	assert.equal(standing(ledger, "ada00000", "wide").held, 1);
});

test("an estimate is held, and the truth replaces it", () => {
	const { reserve, held, time } = testedLedger(budgetsSpec([{ unit: "output_tokens", limit: 1_000 }]));
	const first = held(ADA, { outputBound: 500 });
	assert.ok(fits(reserve(ADA, { outputBound: 500 })));
	assert.ok(!fits(reserve(ADA, { outputBound: 1 })));
	first.settle(charge(100));
	const second = reserve(ADA, { outputBound: 400 });
	assert.ok(fits(second));
	assert.ok(!fits(reserve(ADA, { outputBound: 1 })));
	assert.equal(time.wall % 1_000, 0);
});

test("is settled once, whatever is called afterwards", () => {
	const { held, ledger } = testedLedger(budgetsSpec([{ unit: "output_tokens", limit: 1_000 }]));
	const hold = held(ADA, { outputBound: 500 });
	assert.ok(hold.settle(charge(10)) !== null);
	assert.equal(hold.settle(charge(10)), null);
	hold.giveUp();
	hold.begin();
	assert.equal(hold.passed(1_000_000, 0), true);
	assert.deepEqual(standing(ledger, "ada00000"), { used: 10, held: 0 });
});

test("what is given up before it was sent on counts for nothing, afterwards as a request", () => {
	const { held, ledger } = testedLedger(budgetsSpec([{ limit: 5 }]));
	held(ADA).giveUp();
	assert.deepEqual(standing(ledger, "ada00000"), { used: 0, held: 0 });
	const sent = held(ADA);
	sent.begin();
	sent.giveUp();
	assert.deepEqual(standing(ledger, "ada00000"), { used: 1, held: 0 });
});

test("refuse: lets in where the whole estimate fits · cut and finish: where anything fits", () => {
	for (const [onExhausted, isIn] of [
		["refuse", false],
		["cut", true],
		["finish", true],
	] as const) {
		const { reserve, held } = testedLedger(budgetsSpec([{ unit: "output_tokens", limit: 1_000, onExhausted }]));
		held(ADA).settle(charge(900));
		assert.equal(fits(reserve(ADA, { outputBound: 500 })), isIn, onExhausted);
		if (onExhausted === "cut") assert.ok(!fits(reserve(ADA, { outputBound: 500 })));
	}
});

test("cut: ends the answer at the token after which nothing is left, and not before", () => {
	for (const unit of ["output_tokens", "tokens", "money"] as const) {
		const spec = budgetsSpec([{ unit, limit: 700, onExhausted: "cut" }], { prices: [["*", { input: 1, output: 1, gpuSecond: 0 }]] });
		const { held, ledger } = testedLedger(spec);
		const hold = held(ADA, { guessedInput: 0, outputBound: null });
		const free = unit === "output_tokens" ? 700 : 700 - hold.estimate.charge.inputTokens;
		let passed = 1;
		while (hold.passed(passed, 0) && passed < 10_000) passed += 1;
		assert.equal(passed, free, unit);
		assert.equal(hold.exhausted?.budget.spec.name, "daily");
		const { inputTokens } = hold.estimate.charge;
		hold.settle({ inputTokens, outputTokens: passed, gpuUs: 0, nanos: passed + inputTokens });
		const after = standing(ledger, "ada00000");
		assert.equal(after.used + after.held, 700, unit);
	}
});

test("cut: two answers that run at the same time end when both together have used the budget", () => {
	const { held, overshoots, ledger } = testedLedger(budgetsSpec([{ unit: "output_tokens", limit: 1_200, onExhausted: "cut" }]));
	const holds = [held(ADA), held(ADA)];
	const passed = [0, 0];
	const running = new Set([0, 1]);
	while (running.size > 0) {
		for (const at of running) {
			passed[at] = (passed[at] ?? 0) + 1;
			if (holds[at]?.passed(passed[at] ?? 0, 0) === false) running.delete(at);
		}
	}
	for (const at of [0, 1]) holds[at]?.settle(charge(passed[at] ?? 0));
	assert.equal((passed[0] ?? 0) + (passed[1] ?? 0), 1_200);
	assert.equal(standing(ledger, "ada00000").used, 1_200);
	assert.deepEqual(overshoots, []);
});

test("cut: of answers whose frames hide tokens only one may be wrong about them", () => {
	const { held, overshoots, ledger } = testedLedger(budgetsSpec([{ unit: "output_tokens", limit: 2_048, onExhausted: "cut" }]));
	const holds = Array.from({ length: 4 }, () => held(ADA, {}));
	const passed = holds.map(() => 0);
	const running = new Set(holds.keys());
	let slack = 0;
	while (running.size > 0) {
		for (const at of running) {
			const frames = (passed[at] ?? 0) + 1;
			passed[at] = frames;
			if (holds[at]?.passed(frames, 2 * frames) === false) running.delete(at);
			slack = Math.max(slack, holds[at]?.slackIn("output_tokens") ?? 0);
		}
	}
	for (const [at, hold] of holds.entries()) hold.settle(charge(3 * (passed[at] ?? 0)));
	const used = standing(ledger, "ada00000").used;
	assert.ok(used > 1_500 && used <= 2_048 + slack, `${used}`);
	assert.ok(slack < 1_000, `${slack}`);
	assert.deepEqual(overshoots, []);
});

test("finish: an answer runs on, and others are refused from then on", () => {
	const { held, reserve, overshoots } = testedLedger(budgetsSpec([{ unit: "output_tokens", limit: 600, onExhausted: "finish" }]));
	const hold = held(ADA);
	assert.equal(hold.passed(5_000, 0), true);
	assert.ok(!fits(reserve(ADA)));
	hold.settle(charge(5_000));
	assert.deepEqual(overshoots, []);
});

test("cut: GPU time that passes ends the answer, however many tokens came", () => {
	const { held } = testedLedger(budgetsSpec([{ unit: "gpu_seconds", limit: 3_000_000, onExhausted: "cut" }]));
	const hold = held(ADA);
	let gpuUs = 0;
	hold.runsOn({
		gpuUs: () => gpuUs,
		exhausted: () => undefined,
	});
	let passed = 0;
	do {
		passed += 1;
		gpuUs += 10_000;
	} while (hold.passed(passed, 0));
	assert.ok(gpuUs <= 3_000_000 && gpuUs > 2_500_000, `${gpuUs}`);
});

test("refuse: an estimate beyond the whole budget takes all of it, and does not shut it for ever", () => {
	for (const [unit, limit] of [
		["output_tokens", 300],
		["tokens", 400],
		["gpu_seconds", 1_000_000],
	] as const) {
		const { held, reserve } = testedLedger(budgetsSpec([{ unit, limit }]));
		const hold = held(ADA, {});
		assert.ok(!fits(reserve(ADA, {})), unit);
		hold.settle(charge(0));
		assert.ok(fits(reserve(ADA, {})), unit);
	}
	const { reserve } = testedLedger(budgetsSpec([{ unit: "tokens", limit: 400 }]));
	const tooLong = reserve(ADA, { guessedInput: 1_000 });
	assert.ok(!(tooLong instanceof Reservation) && tooLong.needed > 1_000);
});

test("refuse: an answer in one piece that names no bound needs what is usual, and is bounded by what is there", () => {
	const { held, reserve } = testedLedger(budgetsSpec([{ unit: "output_tokens", limit: 1_000 }]));
	held(ADA, {}).settle(charge(300));
	assert.ok(!fits(reserve(ADA, { whole: true, outputBound: 800 })));
	assert.equal(held(ADA, { whole: true }).covered, 700);
});

test("time that passes without tokens ends what it has used up a budget for, a finish excepted", () => {
	for (const [onExhausted, isEnded] of [
		["refuse", true],
		["cut", true],
		["finish", false],
	] as const) {
		const { held, ledger } = testedLedger(budgetsSpec([{ unit: "gpu_seconds", limit: 5_000_000, onExhausted }]));
		assert.ok(ledger.isTimed);
		const hold = held(ADA, { whole: true });
		let gpuUs = 0;
		let endings = 0;
		hold.runsOn({
			gpuUs: () => gpuUs,
			exhausted: () => {
				endings += 1;
			},
		});
		for (; gpuUs < 4_800_000; gpuUs += 100_000) ledger.look();
		assert.equal(endings, 0, onExhausted);
		for (; gpuUs < 5_200_000; gpuUs += 100_000) ledger.look();
		assert.equal(endings > 0, isEnded, onExhausted);
		assert.equal(hold.passed(1, 0), !isEnded, onExhausted);
	}
});

test("of GPU time nobody is let in with less than passes until it is looked at", () => {
	const { held, reserve } = testedLedger(budgetsSpec([{ unit: "gpu_seconds", limit: 1_000_000, onExhausted: "cut" }]));
	held(ADA, {}).settle(charge(0, 0, 790_000));
	held(ADA, {}).settle(charge(0, 0, 60_000));
	assert.ok(!fits(reserve(ADA, {})));
});

test("an answer in one piece holds more than was usual, and says by what it is to be bounded", () => {
	const { held } = testedLedger(budgetsSpec([{ unit: "output_tokens", limit: 3_000, onExhausted: "cut" }]));
	assert.equal(held(ADA, { whole: true }).covered, 2_048);
	assert.equal(held(ADA, { whole: true }).covered, 952);
	assert.equal(held(BOB, { whole: true, outputBound: 10 }).covered, 10);
});

test("an estimate that was too low is told where it passed the budget by more than one reservation", () => {
	const { held, overshoots } = testedLedger(budgetsSpec([{ unit: "input_tokens", limit: 100 }]));
	held(ADA, { guessedInput: 10 }).settle(charge(0, 1_000));
	assert.equal(overshoots.length, 1);
});

test("near the end of a budget those who run leave room for the most that others' prompts may be", () => {
	const { held, reserve, overshoots, ledger } = testedLedger(budgetsSpec([{ unit: "input_tokens", limit: 10_000 }]));
	const weight = { guessedInput: 500, mostInput: 2_000 };
	const holds = Array.from({ length: 4 }, () => held(ADA, weight));
	const refused = reserve(ADA, weight);
	assert.ok(!(refused instanceof Reservation));
	// What is missing is held, not used: it is there again when one of them ends.
	assert.equal(refused.retryAt, ledger.now() + 1_000);
	for (const hold of holds) hold.settle(charge(0, 2_000));
	assert.deepEqual(overshoots, []);
	assert.equal(standing(ledger, "ada00000").used, 8_000);
});

test("what fits by its estimate is let in where nobody else runs, however dense it may be", () => {
	const { held, reserve, overshoots } = testedLedger(budgetsSpec([{ unit: "tokens", limit: 5_000, onExhausted: "cut" }]));
	const hold = held(ADA, { guessedInput: 1_000, mostInput: 1_000_000 });
	assert.ok(!fits(reserve(ADA, { guessedInput: 1 })));
	hold.settle(charge(0, 4_000));
	assert.ok(fits(reserve(ADA, { guessedInput: 1 })));
	assert.deepEqual(overshoots, []);
});

test("learns what a model's own SYSTEM adds, from short prompts and for the bound", () => {
	const { held } = testedLedger(budgetsSpec([{ unit: "input_tokens", limit: 1_000_000 }]));
	held(ADA, { guessedInput: 5, mostInput: 40 }).settle(charge(1, 3_000));
	const { estimate } = held(ADA, { guessedInput: 5, mostInput: 40 });
	assert.ok(estimate.charge.inputTokens >= 2_900 && estimate.charge.inputTokens <= 3_010, `${estimate.charge.inputTokens}`);
	assert.equal(estimate.most.inputTokens, 3_000);
	assert.ok(held(ADA, { guessedInput: 500, mostInput: 2_000 }).estimate.most.inputTokens >= 4_960);
});

test("a budget of money holds the most that a prompt may cost", () => {
	const prices = [["*", { input: 3, output: 0, gpuSecond: 0 }]] as const;
	const { held, reserve, ledger } = testedLedger(budgetsSpec([{ unit: "money", limit: 10_000 }], { prices }));
	held(ADA, { guessedInput: 100, mostInput: 2_000 });
	assert.equal(standing(ledger, "ada00000").held, 3 * 2_512);
	assert.ok(!fits(reserve(ADA, { guessedInput: 700, mostInput: 700 })));
});

test("an answer in one piece may become longer where much is free", () => {
	const { held } = testedLedger(budgetsSpec([{ unit: "output_tokens", limit: 160_000, onExhausted: "refuse" }]));
	assert.equal(held(ADA, { whole: true }).covered, 10_000);
	assert.equal(held(ADA, { whole: true }).covered, 9_375);
	assert.equal(held(ADA, { whole: true, outputBound: 4_000 }).covered, 4_000);
});

test("learns from what was used: the next estimate is no lower", () => {
	const { held } = testedLedger(budgetsSpec([{ unit: "output_tokens", limit: 1_000_000 }]));
	held(ADA, { guessedInput: 100 }).settle(charge(4_000, 900, 7_000_000));
	const { charge: next } = held(ADA, { guessedInput: 100 }).estimate;
	assert.equal(next.outputTokens, 4_000);
	assert.equal(next.gpuUs, 7_000_000);
	assert.ok(next.inputTokens >= 900);
});

const concerned: readonly (readonly [what: string, spec: Partial<BudgetSpec>, who: Parameters<typeof principal>[1], concerned: boolean])[] =
	[
		["a key's budget no other kind of principal", { scope: "key" }, { kind: "certificate" }, false],
		["a principal's budget any of them", { scope: "principal" }, { kind: "certificate" }, true],
		["a group's budget nobody without a group", { scope: "group" }, {}, false],
		["a group's budget its members", { scope: "group" }, { groups: ["red"] }, true],
		["one for roles nobody else's", { for: { roles: ["admin"], keys: null, groups: null, models: null } }, {}, false],
		["one for keys nobody else's", { for: { roles: null, keys: ["bob00000"], groups: null, models: null } }, {}, false],
		["one for groups its members", { for: { roles: null, keys: null, groups: ["red"], models: null } }, { groups: ["blue", "red"] }, true],
		["one for models no other model", { for: { roles: null, keys: null, groups: null, models: ["qwen*"] } }, {}, false],
		["one for models its own", { for: { roles: null, keys: null, groups: null, models: ["llama*"] } }, {}, true],
	];
for (const [what, spec, who, isConcerned] of concerned) {
	test(`concerns: ${what}`, () => {
		const { reserve } = testedLedger(budgetsSpec([{ limit: 1, ...spec }]));
		const ada = principal("ada00000", who);
		assert.ok(fits(reserve(ada)));
		assert.equal(fits(reserve(ada)), !isConcerned);
	});
}

test("a group's budget counts its members together, each group by itself", () => {
	const { reserve } = testedLedger(budgetsSpec([{ scope: "group", limit: 2 }]));
	assert.ok(fits(reserve(principal("ada00000", { groups: ["red", "blue"] }))));
	assert.ok(fits(reserve(principal("bob00000", { groups: ["red"] }))));
	assert.ok(!fits(reserve(principal("eve00000", { groups: ["red"] }))));
	assert.ok(fits(reserve(principal("eve00000", { groups: ["blue"] }))));
});

test("a network's budget counts by address, and has room for no more than it may hold", () => {
	const { reserve, ledger } = testedLedger(budgetsSpec([{ scope: "network", limit: 1, per: "hour" }]));
	assert.ok(fits(reserve(ADA, null, "192.0.2.1")));
	assert.ok(!fits(reserve(BOB, null, "192.0.2.1")));
	assert.ok(fits(reserve(BOB, null, "192.0.2.2")));
	for (let at = 0; at < 70_000; at++) reserve(BOB, null, `n${at}`);
	assert.ok((ledger.budgets[0]?.count() ?? 0) <= 65_537);
});

test("another role or another group is another plan", () => {
	const spec = budgetsSpec([{ limit: 1, for: { roles: ["user"], keys: null, groups: null, models: null } }]);
	const { reserve } = testedLedger(spec);
	assert.ok(fits(reserve(ADA)));
	assert.ok(!fits(reserve(ADA)));
	assert.ok(fits(reserve(principal("ada00000", { role: "admin" }))));
});

test("callers who come in turns are each concerned by their own budgets", () => {
	const none = { roles: null, keys: null, groups: null, models: null };
	const { ledger } = testedLedger(
		budgetsSpec([
			{ name: "all" },
			{ name: "users", for: { ...none, roles: ["user"] } },
			{ name: "eve", for: { ...none, keys: ["eve00000"] } },
			{ name: "red", scope: "group", for: { ...none, groups: ["red"] } },
			{ name: "llama", for: { ...none, models: ["llama*"] } },
		]),
	);
	const mistral = { ...LLAMA, model: "mistral", short: "mistral:latest" };
	const callers: readonly (readonly [Parameters<typeof principal>, typeof LLAMA | null, string])[] = [
		[["ada00000"], LLAMA, "all users llama"],
		[["eve00000"], LLAMA, "all users eve llama"],
		[["ann00000"], LLAMA, "all users llama"],
		[["cert0000", { kind: "certificate" }], LLAMA, ""],
		[["bob00000"], mistral, "all users"],
		[["eve00000"], LLAMA, "all users eve llama"],
		[["abe00000"], LLAMA, "all users llama"],
		[["root0000", { role: "admin" }], null, "all"],
		[["eve00000"], null, "all users eve"],
		[["ann00000", { groups: ["red", "blue"] }], mistral, "all users red"],
		[["cert0000", { kind: "certificate", groups: ["red"] }], LLAMA, "red"],
		[["abe00000"], mistral, "all users"],
	];
	for (let turn = 0; turn < 2; turn++) {
		for (const [who, model, names] of callers) {
			const counters = countersIn(ledger.planOf(factsOf(principal(...who), model?.short ?? null, "192.0.2.1")));
			assert.equal(counters.map(({ budget }) => budget.spec.name).join(" "), names, who[0]);
			for (const { who: counted, budget } of counters) assert.equal(counted.subject, budget.spec.scope === "group" ? "red" : who[0]);
		}
	}
});

test("the same budgets count one group's members in one place, and in two whoever is in two", () => {
	const among = (...groups: string[]) => ({ roles: null, keys: null, groups, models: null });
	const { ledger } = testedLedger(
		budgetsSpec([
			{ name: "one", scope: "group", for: among("red", "green") },
			{ name: "other", scope: "group", for: among("blue", "green") },
		]),
	);
	const countedOf = (...groups: string[]): string =>
		countersIn(ledger.planOf(factsOf(principal("ada00000", { groups }), LLAMA.short, "")))
			.map(({ budget, who }) => `${budget.spec.name} ${who.subject}`)
			.join(", ");
	assert.equal(countedOf("red", "blue"), "one red, other blue");
	assert.equal(countedOf("green"), "one green, other green");
});

test("whoever asks for many models is counted in one place", () => {
	const { ledger } = testedLedger(
		budgetsSpec([{ name: "all" }, { name: "llama", for: { roles: null, keys: null, groups: null, models: ["llama*"] } }]),
	);
	const counted = new Set<unknown>();
	for (let at = 0; at < 100; at++) {
		const name = at % 3 === 0 ? `llama${at}:latest` : `qwen${at}:latest`;
		for (const { who } of countersIn(ledger.planOf(factsOf(ADA, name, "")))) counted.add(who);
	}
	assert.equal(counted.size, 1);
});

test("a reload keeps what was used where the definition stays, also where the limit changes", () => {
	const { ledger, held, reserve } = testedLedger(budgetsSpec([{ limit: 2 }]));
	held(ADA).settle(charge(0));
	const running = held(ADA);
	ledger.adjust(budgetsSpec([{ limit: 3 }]));
	assert.ok(fits(reserve(ADA)));
	assert.ok(!fits(reserve(ADA)));
	running.settle(charge(0));
	assert.ok(!fits(reserve(ADA)));
	ledger.adjust(budgetsSpec([{ limit: 3, per: "hour" }]));
	assert.ok(fits(reserve(ADA)));
	ledger.adjust(budgetsSpec([]));
	assert.ok(ledger.isEmpty);
});

test("a reset begins anew for whom it was asked", () => {
	const { ledger, held, reserve } = testedLedger(budgetsSpec([{ limit: 1 }]));
	held(ADA).settle(charge(0));
	held(BOB).settle(charge(0));
	assert.equal(ledger.reset("daily", "ada00000"), 1);
	assert.equal(ledger.reset("nothing", null), 0);
	assert.ok(fits(reserve(ADA)));
	assert.ok(!fits(reserve(BOB)));
});

test("forgets who used nothing lately, and whoever comes again has one counter and not two", () => {
	const { ledger, held, reserve, pass } = testedLedger(budgetsSpec([{ limit: 1 }]));
	held(ADA).settle(charge(0));
	const running = held(BOB);
	pass(DAY);
	ledger.forgetIdle();
	assert.deepEqual(
		Array.from(ledger.budgets[0]?.all() ?? [], ({ who }) => who.subject),
		["bob00000"],
	);
	assert.ok(fits(reserve(ADA)));
	assert.ok(!fits(reserve(ADA)));
	running.settle(charge(0));
	assert.ok(!fits(reserve(BOB)));
});

test("whoever still runs is not forgotten, also where nothing is held and nothing was used", () => {
	const { ledger, held } = testedLedger(budgetsSpec([{ unit: "gpu_seconds", limit: 10 }]));
	const running = held(ADA, { onGpu: false });
	ledger.forgetIdle();
	running.settle(charge(0, 0, 10));
	assert.deepEqual(
		standings(ledger, "daily").map(({ used }) => used),
		[10],
	);
});

test("what changed of a caller is saved as one, and goes back to its budgets wherever they stand", () => {
	const spec = [{ unit: "tokens" as const, limit: 100 }, { name: "calls" }, { name: "at-once", unit: "concurrent" as const, per: null }];
	const { ledger, held, time } = testedLedger(budgetsSpec(spec));
	held(ADA).settle(charge(20, 10));
	const changes = ledger.changes(1);
	assert.deepEqual(savedIn(changes), [
		[
			"key",
			"ada00000",
			[
				[0, 30],
				[1, 1],
			],
		],
	]);
	assert.deepEqual(ledger.changes(2).records, []);
	const next = testedLedger(budgetsSpec([{ name: "new" }, ...spec.toReversed()]), time).ledger;
	next.restore(changes);
	const used = standings(next).map((standing) => [standing.spec.name, standing.used]);
	assert.deepEqual(used, [
		["calls", 1],
		["daily", 30],
	]);
});

test("who was forgotten and came again before it was saved is there again, with what was counted since", () => {
	const { ledger, held, pass } = testedLedger(budgetsSpec([{ unit: "tokens", per: "second", limit: 1_000 }]));
	for (const who of [ADA, BOB]) held(who).settle(charge(7));
	const first = ledger.changes(1);
	pass(60_000);
	ledger.forgetIdle();
	held(ADA).settle(charge(5));
	const second = ledger.changes(2);
	const both = { ...second, records: [...first.records, ...second.records] };
	assert.deepEqual(savedIn(both), [
		["key", "ada00000", [[0, 5]]],
		["key", "bob00000", []],
	]);
});
