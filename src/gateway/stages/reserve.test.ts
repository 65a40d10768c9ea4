import assert from "node:assert/strict";
import { test } from "node:test";
import { authorizedAs } from "../../../test/support/authorized.ts";
import { budgetsSpec, charge, testedLedger } from "../../../test/support/budgets.ts";
import { jsonRequest } from "../../../test/support/judged-requests.ts";
import type { BudgetSpec } from "../../model/budget-spec.ts";
import type { JudgedRequest } from "../../ollama/judged-request.ts";
import { reserve } from "./reserve.ts";

function ledgerOf(spec: Partial<BudgetSpec>) {
	return testedLedger(budgetsSpec([{ limit: 1, ...spec }])).ledger;
}

test("refuses what does not fit: says which budget, when there is room, and what is left", () => {
	const ledger = ledgerOf({});
	const first = reserve(authorizedAs("chat"), ledger);
	assert.ok(first.permitted);
	first.value.hold?.settle(charge(1));
	const refused = reserve(authorizedAs("chat"), ledger);
	assert.ok(!refused.permitted);
	assert.deepEqual([refused.reason, refused.budget, refused.retryAfterMs], ["budget-exceeded", "daily", 43_200_000]);
	assert.deepEqual(refused.fields, [
		["ratelimit-policy", '"daily";q=1;w=86400;qu="requests"'],
		["ratelimit", '"daily";r=0;t=43200'],
	]);
});

test("says that others hold what is left, where it is not used up", () => {
	const ledger = ledgerOf({ unit: "output_tokens", limit: 500 });
	assert.ok(reserve(authorizedAs("chat"), ledger).permitted);
	const refused = reserve(authorizedAs("chat"), ledger);
	assert.ok(!refused.permitted);
	assert.equal(refused.retryAfterMs, 1_000);
	assert.equal(refused.told, "the budget 'daily' has no room beside what runs now: 500 output tokens a day; try again when that has ended");
});

test("what is no work holds nothing, also where a budget is used up", () => {
	const ledger = ledgerOf({});
	assert.ok(reserve(authorizedAs("chat"), ledger).permitted);
	assert.ok(!reserve(authorizedAs("chat"), ledger).permitted);
	const listed = reserve(authorizedAs("tags"), ledger);
	assert.ok(listed.permitted);
	assert.equal(listed.value.hold, null);
});

test("without a budget that concerns it, a request goes on as it came", () => {
	for (const ledger of [
		testedLedger(budgetsSpec([])).ledger,
		ledgerOf({ for: { roles: ["user"], keys: null, groups: null, models: null } }),
	]) {
		const authorized = authorizedAs("chat");
		const reserved = reserve(authorized, ledger);
		assert.ok(reserved.permitted);
		assert.deepEqual([reserved.value.hold, ledger.open], [null, 0]);
		assert.equal(reserved.value.judged, authorized.judged);
	}
});

test("a stream that may call tools is bounded beforehand, since a call comes as one frame however long it is", () => {
	for (const [tools, bound] of [
		[[], undefined],
		[[{ type: "function", function: { name: "f" } }], 500],
	] as const) {
		const ledger = ledgerOf({ unit: "output_tokens", limit: 500, onExhausted: "cut" });
		const judged = jsonRequest("chat", { model: "door", messages: [], tools });
		const reserved = reserve({ ...authorizedAs("chat"), judged: { ...judged, streaming: true } }, ledger);
		assert.ok(reserved.permitted);
		const { body } = reserved.value.judged;
		assert.ok(body.kind === "json");
		assert.deepEqual(body.value["options"], bound === undefined ? undefined : { num_predict: bound });
	}
});

/** What a request that is let in holds of each unit. */
function heldBy(judged: JudgedRequest): { readonly inputTokens: number; readonly outputTokens: number; readonly gpuUs: number } {
	const all = { onExhausted: "cut", limit: 1e9 } as const;
	const { ledger } = testedLedger(
		budgetsSpec([
			{ ...all, name: "in", unit: "input_tokens" },
			{ ...all, name: "out", unit: "output_tokens" },
			{ ...all, name: "gpu", unit: "gpu_seconds" },
		]),
	);
	const reserved = reserve({ ...authorizedAs("chat"), judged }, ledger);
	assert.ok(reserved.permitted && reserved.value.hold !== null);
	return reserved.value.hold.held;
}

test("holds of each what a request can use: tokens of what answers with tokens, time of what runs here", () => {
	const text = { model: "door", messages: [], prompt: "x", input: "x", query: "x" };
	const streamed = { ...jsonRequest("chat", text), streaming: true };
	const uses = (judged: JudgedRequest): readonly boolean[] => {
		const { inputTokens, outputTokens, gpuUs } = heldBy(judged);
		return [inputTokens > 0, outputTokens > 0, gpuUs > 0];
	};
	assert.deepEqual(uses(streamed), [true, true, true]);
	assert.deepEqual(uses(jsonRequest("embed", text)), [true, false, true]);
	assert.deepEqual(uses(jsonRequest("chat", { ...text, model: "door:cloud" })), [true, true, false]);
	assert.equal(uses(jsonRequest("pull", text))[2], false);
	assert.equal(uses(jsonRequest("web-search", text))[2], false);
	const spoken = jsonRequest("v1-audio-transcriptions", text);
	assert.deepEqual(uses({ ...spoken, body: { kind: "none" } })[1], true);
});

test("an answer in one piece is bounded by what is held, where the caller names no bound or a longer one, and a shorter one is left", () => {
	for (const [named, sent] of [
		[undefined, 500],
		[9_999, 500],
		[7, 7],
	] as const) {
		const ledger = ledgerOf({ unit: "output_tokens", limit: 500, onExhausted: "cut" });
		const options = named === undefined ? {} : { options: { num_predict: named } };
		const reserved = reserve({ ...authorizedAs("chat"), judged: jsonRequest("chat", { model: "door", messages: [], ...options }) }, ledger);
		assert.ok(reserved.permitted);
		const { body } = reserved.value.judged;
		assert.ok(body.kind === "json");
		assert.deepEqual(body.value["options"], { num_predict: sent });
	}
	const ledger = ledgerOf({ unit: "tokens", limit: 5_000, onExhausted: "cut" });
	const embedding = jsonRequest("embed", { model: "door", input: "x" });
	const reserved = reserve({ ...authorizedAs("chat"), judged: embedding }, ledger);
	assert.ok(reserved.permitted);
	assert.equal(reserved.value.judged, embedding);
});

test("what uses the cloud is work: it is held, and refused where a budget is used up", () => {
	const ledger = ledgerOf({});
	const judged = jsonRequest("web-search", { query: "x" });
	assert.ok(reserve({ ...authorizedAs("chat"), judged }, ledger).permitted);
	assert.equal(reserve({ ...authorizedAs("chat"), judged }, ledger).permitted, false);
});
