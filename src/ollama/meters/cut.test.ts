import assert from "node:assert/strict";
import { suite, test } from "node:test";

import fc from "fast-check";

import { cutAfter, recordingOf, recordsIn } from "../../../test/support/cut-stream.ts";
import { judged } from "../../../test/support/understood.ts";
import { createMeter } from "./create-meter.ts";

const NOTE = { reason: "budget-exceeded", budget: "few", message: "a budget is used up", request_id: "r1" };

function cut(scenario: string, most: number, usageAsked?: boolean) {
	const exchange = recordingOf(scenario);
	const request = judged(exchange);
	const made = cutAfter(usageAsked === undefined ? request : { ...request, usageAsked }, exchange, exchange.chunks, most);
	return { ...made, records: recordsIn(made.relayed), whole: Buffer.concat(exchange.chunks) };
}

suite("a stream that came to its bound ends as the model's own bound would have ended it", () => {
	for (const [scenario, text] of [
		["route-chat-stream", { message: { role: "assistant", content: "" } }],
		["route-generate-stream", { response: "" }],
	] as const) {
		test(scenario, () => {
			const { records, usage, bounded } = cut(scenario, 3);
			assert.ok(bounded);
			assert.equal(records.length, 4);
			const closing = records.at(-1);
			assert.partialDeepStrictEqual(closing, { model: "door", done: true, done_reason: "length", eval_count: 3, ...text, rempart: NOTE });
			assert.partialDeepStrictEqual(closing, { total_duration: 1_500_000_000 });
			assert.deepEqual([usage?.outputTokens, usage?.estimated], [3, true]);
			assert.ok((usage?.promptTokens ?? 0) > 0);
		});
	}

	test("route-v1-chat-stream, without a usage that nobody asked for", () => {
		const { records, usage } = cut("route-v1-chat-stream", 3, false);
		assert.equal(records.length, 5);
		assert.partialDeepStrictEqual(records[3], {
			object: "chat.completion.chunk",
			model: "door",
			choices: [{ index: 0, delta: {}, finish_reason: "length" }],
			rempart: NOTE,
		});
		assert.equal(records[4], "[DONE]");
		assert.equal(usage?.outputTokens, 3);
	});

	test("route-v1-chat-stream-usage, with the usage that was asked for", () => {
		const { records } = cut("route-v1-chat-stream-usage", 2);
		assert.partialDeepStrictEqual(records[3], { choices: [], usage: { completion_tokens: 2 } });
		assert.equal(records[4], "[DONE]");
	});

	test("route-v1-completions-stream, and with the usage", () => {
		const { records } = cut("route-v1-completions-stream", 2, false);
		assert.partialDeepStrictEqual(records[2], { object: "text_completion", choices: [{ text: "", index: 0, finish_reason: "length" }] });
		assert.equal(records[3], "[DONE]");
		const asked = cut("route-v1-completions-stream-usage", 2).records;
		assert.partialDeepStrictEqual(asked[3], { object: "text_completion", choices: [], usage: { completion_tokens: 2 } });
	});

	for (const [scenario, index] of [
		["route-v1-messages-stream", 0],
		["route-v1-messages-think-stream", 0],
	] as const) {
		test(scenario, () => {
			const { records, usage } = cut(scenario, 2);
			assert.deepEqual(records.slice(-3), [
				{ type: "content_block_stop", index },
				{
					type: "message_delta",
					delta: { stop_reason: "max_tokens", stop_sequence: null },
					usage: { input_tokens: usage?.promptTokens, output_tokens: 2 },
					rempart: NOTE,
				},
				{ type: "message_stop" },
			]);
			assert.equal(usage?.outputTokens, 2);
		});
	}

	test("route-v1-responses-stream, where the last events repeat what was said", () => {
		const { records, usage } = cut("route-v1-responses-stream", 3);
		const text = "The door is";
		const part = { type: "output_text", text };
		const [said, whole, item, response] = records.slice(-4);
		assert.partialDeepStrictEqual(said, { type: "response.output_text.done", text, content_index: 0, output_index: 0 });
		assert.partialDeepStrictEqual(whole, { type: "response.content_part.done", part });
		assert.partialDeepStrictEqual(item, { type: "response.output_item.done", item: { status: "incomplete", content: [part] } });
		assert.partialDeepStrictEqual(response, {
			type: "response.completed",
			response: {
				object: "response",
				status: "incomplete",
				incomplete_details: { reason: "max_output_tokens" },
				output: [{ type: "message", role: "assistant", content: [part] }],
				usage: { output_tokens: 3 },
				rempart: NOTE,
			},
		});
		const numbers = records.map((record) =>
			typeof record === "object" && record !== null && "sequence_number" in record ? record.sequence_number : null,
		);
		assert.deepEqual(numbers, [...numbers.keys()]);
		assert.equal(usage?.outputTokens, 3);
	});

	test("route-v1-responses-tools-stream, in the middle of a call", () => {
		const { records } = cut("route-v1-responses-tools-stream", 1);
		assert.partialDeepStrictEqual(records.slice(-3), [
			{ type: "response.function_call_arguments.done", arguments: '{"city":"Lyon"}' },
			{ type: "response.output_item.done", item: { type: "function_call", status: "incomplete" } },
			{ type: "response.completed" },
		]);
	});
});

test("can be cut between two frames from the first token on, not before one, in one, or behind what closes the answer", () => {
	for (const scenario of STREAMS) {
		const exchange = recordingOf(scenario);
		const whole = Buffer.concat(exchange.chunks);
		const states: string[] = [];
		const meter = createMeter(judged(exchange), { status: 200, contentType: exchange.answerType }, { passed: () => true });
		const separator = exchange.answerType.startsWith("text/") ? "\n\n" : "\n";
		assert.equal(meter.cuttable, false, scenario);
		for (const frame of whole.toString().split(separator).slice(0, -1)) {
			const bytes = Buffer.from(`${frame}${separator}`);
			meter.push(bytes.subarray(0, 9));
			const inside = meter.cuttable;
			meter.push(bytes.subarray(9));
			states.push(`${inside ? "i" : "-"}${meter.cuttable ? "c" : "-"}`);
		}
		assert.match(states.join(" "), /^(-- )*-c( [-i][c-])*( [-i]-)+$/, scenario);
		assert.equal(states.at(-1)?.[1], "-", scenario);
	}
});

test("the bound is told how many tokens the frames may hide, in each kind of stream", () => {
	for (const [path, type, frame] of [
		["/api/chat", "application/x-ndjson", '{"model":"door","message":{"role":"assistant","content":"门é"},"done":false}\n'],
		["/v1/chat/completions", "text/event-stream", 'data: {"choices":[{"delta":{"content":"门é"},"finish_reason":null}]}\n\n'],
	] as const) {
		const asked: (readonly [number, number])[] = [];
		const passed = (count: number, hidden: number) => asked.push([count, hidden]) > 0;
		const request = judged({ path, body: JSON.stringify({ model: "door", messages: [], stream: true }) });
		const meter = createMeter(request, { status: 200, contentType: type }, { passed });
		for (let frames = 0; frames < 2; frames++) meter.push(Buffer.from(frame));
		assert.deepEqual(asked, [
			[1, 3],
			[2, 6],
		]);
	}
});

test("an answer that ends before its bound is the answer as it was, and is charged what was reported", () => {
	for (const scenario of STREAMS) {
		const { relayed, whole, bounded, usage } = cut(scenario, 1_000, true);
		assert.equal(bounded, false, scenario);
		assert.deepEqual(relayed, whole, scenario);
		assert.equal(usage?.estimated, !/_tokens":|eval_count":/.test(whole.toString()), scenario);
	}
});

/** What says that an answer is over, once in each dialect. */
const CLOSING = /"done":true|"finish_reason":"|"type":"message_stop"|event: response\.(completed|incomplete)/g;

test("no record that closes is taken for a token: a bound of as many tokens as there are is asked no more often", () => {
	for (const scenario of STREAMS) {
		const { asked } = cut(scenario, 1_000, true);
		assert.deepEqual(
			asked,
			[...asked.keys()].map((count) => count + 1),
			scenario,
		);
		assert.ok(asked.length >= 1 && asked.length <= 15, `${scenario} ${asked.length}`);
		for (const most of asked) assert.equal(cut(scenario, most, true).relayed.toString().match(CLOSING)?.length, 1, `${scenario} ${most}`);
	}
});

const STREAMS = [
	"route-chat-stream",
	"route-chat-think",
	"route-generate-stream",
	"route-generate-length",
	"route-v1-chat-stream-usage",
	"route-v1-chat-think-stream",
	"route-v1-chat-length",
	"route-v1-completions-stream-usage",
	"route-v1-messages-stream",
	"route-v1-messages-think-stream",
	"route-v1-responses-stream",
];

test("it ends behind the same token whatever pieces it comes in, and nothing of the upstream follows", () => {
	const pieces = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 20, size: "max" });
	fc.assert(
		fc.property(fc.constantFrom(...STREAMS), fc.integer({ min: 1, max: 5 }), fc.boolean(), pieces, (scenario, most, usageAsked, sizes) => {
			const exchange = recordingOf(scenario);
			const request = { ...judged(exchange), usageAsked };
			const whole = Buffer.concat(exchange.chunks);
			const split: Buffer[] = [];
			for (let at = 0, nth = 0; at < whole.length; nth++) {
				const size = sizes[nth % sizes.length] ?? 1;
				split.push(whole.subarray(at, at + size));
				at += size;
			}
			const inPieces = cutAfter(request, exchange, split, most);
			const atOnce = cutAfter(request, exchange, [whole], most);
			assert.equal(inPieces.relayed.toString(), atOnce.relayed.toString());
			assert.deepEqual(inPieces.asked, atOnce.asked);
			if (!atOnce.bounded) return;
			assert.equal(atOnce.usage?.outputTokens, most);
			assert.deepEqual(atOnce.asked.at(-1), most);
			for (const record of recordsIn(atOnce.relayed)) assert.ok(typeof record === "object" || record === "[DONE]");
		}),
	);
});
