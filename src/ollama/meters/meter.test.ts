import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { type Exchange, recordings } from "../../../test/support/recordings.ts";
import { decide, judged, sentBy } from "../../../test/support/understood.ts";
import type { JudgedRequest } from "../judged-request.ts";
import { createMeter } from "./create-meter.ts";
import type { MeterEnd } from "./meter.ts";

interface Metered extends MeterEnd {
	readonly relayed: Buffer;
	/** Whether each chunk was passed as the very buffer that came in. */
	readonly untouched: boolean;
}

function meter(request: JudgedRequest, head: { status: number; answerType: string }, chunks: readonly Buffer[], complete = true): Metered {
	const made = createMeter(request, { status: head.status, contentType: head.answerType });
	let untouched = true;
	const relayed = chunks.map((chunk) => {
		// A socket's buffer is used again: what the meter keeps must be its own.
		const reused = Buffer.from(chunk);
		const passed = made.push(reused);
		if (passed !== reused) untouched = false;
		const copy = Buffer.from(passed);
		reused.fill(0x23);
		return copy;
	});
	const end = made.end(complete);
	return { ...end, relayed: Buffer.concat([...relayed, end.relay]), untouched };
}

function replay(exchange: Exchange, request = judged(sentBy(exchange))): Metered {
	return meter(request, exchange, exchange.chunks, exchange.complete === true);
}

/** What the server itself wrote, found without the meter: the counts in the last record that has any. */
function reportedBy(exchange: Exchange): readonly [number, number] | null {
	const text = Buffer.concat(exchange.chunks).toString("utf8");
	const last = (...names: string[]) => names.flatMap((name) => [...text.matchAll(RegExp(`"${name}":([0-9]+)`, "g"))]).at(-1)?.[1];
	const prompt = last("prompt_eval_count", "prompt_tokens", "input_tokens");
	return prompt === undefined ? null : [Number(prompt), Number(last("eval_count", "completion_tokens", "output_tokens") ?? 0)];
}

const measured = recordings(/^(route|client|error|abort|two-at-once|differential)-?/).filter((exchange) => {
	if (
		exchange.complete !== true ||
		exchange.status !== 200 ||
		exchange.method !== "POST" ||
		exchange.scenario === "route-v1-messages-count-tokens"
	)
		return false;
	const decision = decide(sentBy(exchange));
	return decision.permitted && decision.value.operation.usage !== "none";
});

test("reports what the server reported, on every recording, and passes every byte of it", () => {
	let closed = 0;
	for (const exchange of measured) {
		const request = { ...judged(sentBy(exchange)), usageAsked: true };
		const { usage, relayed, untouched } = replay(exchange, request);
		const reported = reportedBy(exchange);
		const label = `${exchange.scenario} ${exchange.path}`;
		assert.ok(usage !== null, label);
		assert.ok(untouched, label);
		assert.deepEqual(relayed, Buffer.concat(exchange.chunks), label);
		if (reported === null) continue;
		closed++;
		assert.deepEqual([usage.promptTokens, usage.outputTokens, usage.estimated], [...reported, false], label);
	}
	assert.ok(closed > 40, `${closed}`);
});

test("durations are the server's, in nanoseconds", () => {
	const [exchange] = recordings(/^route-chat-stream$/);
	assert.ok(exchange !== undefined);
	const { usage } = replay(exchange);
	assert.deepEqual(usage, {
		promptTokens: 14,
		outputTokens: 9,
		totalNs: 259090729,
		loadNs: 254184915,
		promptNs: 828000,
		evalNs: 2080000,
		estimated: false,
	});
});

test("loading and unloading use nothing, and that is no estimate", () => {
	for (const exchange of recordings(/^route-(generate-(load|unload)|chat-load)$/)) {
		const { usage } = replay(exchange);
		assert.deepEqual([usage?.promptTokens, usage?.outputTokens, usage?.estimated], [0, 0, false]);
	}
});

/** Cut into pieces at the given places, wherever chunks were cut before. */
function cut(whole: Buffer, places: readonly number[]): Buffer[] {
	const sorted = [0, ...places.map((place) => place % (whole.length + 1)).toSorted((a, b) => a - b), whole.length];
	return sorted.slice(1).map((end, at) => whole.subarray(sorted[at], end));
}

const streams = measured.filter(({ answerType }) => /ndjson|event-stream/.test(answerType));

test("reports the same and relays the same, whatever the chunks", () => {
	fc.assert(
		fc.property(
			fc.constantFrom(...streams),
			fc.boolean(),
			fc.array(fc.nat(), { maxLength: 30, size: "max" }),
			(exchange, usageAsked, places) => {
				const request = { ...judged(sentBy(exchange)), usageAsked };
				const whole = Buffer.concat(exchange.chunks);
				const once = meter(request, exchange, [whole]);
				const pieces = meter(request, exchange, cut(whole, places));
				assert.deepEqual(pieces.usage, once.usage);
				assert.equal(pieces.relayed.toString("latin1"), once.relayed.toString("latin1"));
			},
		),
		{ numRuns: 400 },
	);
});

for (const scenario of ["route-v1-chat-stream-usage", "route-v1-chat-length", "route-v1-completions-stream-usage"]) {
	const [exchange] = recordings(RegExp(`^${scenario}$`));
	assert.ok(exchange !== undefined);
	const whole = Buffer.concat(exchange.chunks);
	const request = { ...judged(sentBy(exchange)), usageAsked: false };
	/** What Ollama sends when it is not asked: recorded for the same routes. */
	const expected = whole
		.toString("utf8")
		.replace(/data: [^\n]*"choices":\[\],[^\n]*\n\n/, "")
		.replaceAll(',"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}', "");

	test(`${scenario}: takes out exactly the usage that the caller did not ask for, at every single split`, () => {
		for (let at = 0; at <= whole.length; at++) {
			const { relayed, usage } = meter(request, exchange, [whole.subarray(0, at), whole.subarray(at)]);
			assert.equal(relayed.toString("utf8"), expected, `split at ${at}`);
			assert.equal(usage?.estimated, false);
		}
		const bytewise = meter(
			request,
			exchange,
			Array.from(whole, (byte) => Buffer.from([byte])),
		);
		assert.equal(bytewise.relayed.toString("utf8"), expected);
	});

	test(`${scenario}: says nothing of usage in any prefix that it relays, and ends it on a frame`, () => {
		for (let at = 0; at <= whole.length; at += 7) {
			const { relayed, boundary } = meter(request, exchange, [whole.subarray(0, at)], false);
			assert.doesNotMatch(relayed.toString("utf8"), /"usage"/);
			assert.ok(boundary);
			assert.ok(relayed.length === 0 || relayed.toString("utf8").endsWith("\n\n"));
		}
	});
}

test("what is left of a stream has the shape of one that was never asked for its usage", () => {
	const shapeOf = (bytes: Buffer) => bytes.toString("utf8").replace(/"(id|created)":("[^"]*"|[0-9]+)/g, '"$1":0');
	for (const [asked, plain] of [
		["route-v1-chat-stream-usage", "route-v1-chat-stream"],
		["route-v1-completions-stream-usage", "route-v1-completions-stream"],
	] as const) {
		const [with_, without] = [recordings(RegExp(`^${asked}$`))[0], recordings(RegExp(`^${plain}$`))[0]];
		assert.ok(with_ !== undefined && without !== undefined);
		const { relayed } = replay(with_, { ...judged(sentBy(with_)), usageAsked: false });
		assert.equal(shapeOf(relayed), shapeOf(Buffer.concat(without.chunks)));
	}
});

test("an ordinary token of a stream that is withheld from passes as the very buffer that came", () => {
	const request = judged({ path: "/v1/chat/completions", body: '{"model":"d","stream":true}' });
	const made = createMeter(request, { status: 200, contentType: "text/event-stream" });
	const chunk = Buffer.from('data: {"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":null}]}\n\n');
	assert.equal(made.push(chunk), chunk);
	assert.equal(made.push(Buffer.from('data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}\n\n')).length, 0);
});

for (const [what, chunk, rest] of [
	[
		"in the middle of a chunk",
		'{"choices":[{"delta":{}}],"usage":{"prompt_tokens":3,"completion_tokens":4},"x":"é"}',
		'{"choices":[{"delta":{}}],"x":"é"}',
	],
	["as null", '{"choices":[{"delta":{"content":"<"}}],"usage":null}', '{"choices":[{"delta":{"content":"<"}}]}'],
	["in a text as well", '{"choices":[{"text":",\\"usage\\":1"}],"usage":{"a":0}}', '{"choices":[{"text":",\\"usage\\":1"}]}'],
] as const) {
	test(`takes usage out of a chunk with choices that has it ${what}`, () => {
		const request = judged({ path: "/v1/chat/completions", body: '{"model":"d","stream":true}' });
		const { relayed } = meter(request, { status: 200, answerType: "text/event-stream" }, [Buffer.from(`data: ${chunk}\n\n`)]);
		assert.equal(relayed.toString("utf8"), `data: ${rest}\n\n`);
	});
}

for (const [what, data, promptTokens, outputTokens, estimated] of [
	["in a chunk that has choices", '{"choices":[{}],"usage":{"prompt_tokens":3,"completion_tokens":4}}', 3, 4, false],
	["of nothing in a chunk without choices", '{"choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0}}', 0, 0, false],
	[
		"of nothing in a chunk with choices, which is no closing one",
		'{"choices":[{}],"usage":{"prompt_tokens":0,"completion_tokens":0}}',
		1,
		1,
		true,
	],
] as const) {
	test(`reads usage ${what}`, () => {
		const request = judged({ path: "/v1/chat/completions", body: '{"model":"d","stream":true,"messages":[{"role":"user","content":""}]}' });
		const { usage } = meter(request, { status: 200, answerType: "text/event-stream" }, [Buffer.from(`data: ${data}\n\n`)]);
		assert.deepEqual([usage?.promptTokens, usage?.outputTokens, usage?.estimated], [promptTokens, outputTokens, estimated]);
	});
}

test("carriage returns, comments and several data lines are events as the standard has them", () => {
	const request = judged({ path: "/v1/chat/completions", body: '{"model":"d","stream":true}' });
	const chunks = [
		': hello\r\n\r\ndata: {"choices":[],\r\nda',
		'ta: "usage":{"prompt_tokens":7,"completion_tokens":8}}\r\n\r',
		"\ndata: [DONE]\r\n\r\n",
	];
	const { usage, relayed } = meter(
		request,
		{ status: 200, answerType: "text/event-stream" },
		chunks.map((chunk) => Buffer.from(chunk)),
	);
	assert.deepEqual([usage?.promptTokens, usage?.outputTokens, usage?.estimated], [7, 8, false]);
	assert.equal(relayed.toString("utf8"), ": hello\r\n\r\ndata: [DONE]\r\n\r\n");
});

test("without a closing record tokens are counted from what passed, and the prompt from the request", () => {
	for (const exchange of streams) {
		const request = { ...judged(sentBy(exchange)), usageAsked: true };
		const half = exchange.chunks.slice(0, Math.floor(exchange.chunks.length / 2));
		const { usage } = meter(request, exchange, half, false);
		assert.ok(usage !== null && usage.estimated, exchange.scenario);
		assert.ok(
			usage.outputTokens <= half.length && usage.outputTokens >= half.length - 6,
			`${exchange.scenario} ${usage.outputTokens} of ${half.length}`,
		);
		assert.ok(usage.promptTokens > 0, exchange.scenario);
	}
});

test("an aborted stream of the recording counts each token that came", () => {
	const [exchange] = recordings(/^abort-mid-stream$/).filter(({ path }) => path === "/api/generate");
	assert.ok(exchange !== undefined);
	const { usage, failed } = replay(exchange);
	assert.deepEqual([usage?.outputTokens, usage?.estimated, failed], [exchange.chunks.length, true, null]);
});

const failures: readonly (readonly [what: string, path: string, type: string, text: string, failed: string | null])[] = [
	["NDJSON", "/api/chat", "application/x-ndjson", '{"done":false}\n{"error":"out of memory"}\n', "out of memory"],
	["a pull's progress", "/api/pull", "application/x-ndjson", '{"status":"pulling"}\n{"error":"no such host"}\n', "no such host"],
	["OpenAI's events", "/v1/chat/completions", "text/event-stream", 'data: {"error":{"message":"gone"}}\n\n', "gone"],
	["a bare line among events, as Ollama writes it", "/v1/completions", "text/event-stream", '{"error":{"message":"gone"}}\n', "gone"],
	[
		"Anthropic's events",
		"/v1/messages",
		"text/event-stream",
		'event: error\ndata: {"type":"error","error":{"type":"x","message":"gone"}}\n\n',
		"gone",
	],
	[
		"a response that failed",
		"/v1/responses",
		"text/event-stream",
		'event: response.failed\ndata: {"response":{"error":{"message":"gone"}}}\n\n',
		"gone",
	],
	["a whole answer", "/api/chat", "application/json", '{"error":"gone"}', "gone"],
	[
		"an answer that only talks of an error",
		"/api/chat",
		"application/x-ndjson",
		'{"message":{"content":"{\\"error\\":\\"x\\"}"},"done":true}\n',
		null,
	],
	[
		"an error that quotes what the model said, quotes and all",
		"/api/chat",
		"application/x-ndjson",
		`{"error":"error parsing tool call: raw='{\\"city\\": \\"it's a secret', really\\"', err=invalid character 'x'"}\n`,
		"error parsing tool call: raw='...'",
	],
	[
		"an error that quotes without an end",
		"/api/chat",
		"application/x-ndjson",
		`{"error":"failed to parse \\"secret"}\n`,
		'failed to parse "...',
	],
	["an error with an apostrophe", "/api/chat", "application/x-ndjson", `{"error":"it doesn't fit"}\n`, "it doesn't fit"],
];

for (const [what, path, type, text, failed] of failures) {
	test(`finds the failure in ${what}`, () => {
		const request = judged({ path, body: '{"model":"d","stream":true,"input":"x"}' });
		for (let at = 0; at <= text.length; at += 3) {
			const chunks = [Buffer.from(text.slice(0, at)), Buffer.from(text.slice(at))];
			assert.equal(meter(request, { status: 200, answerType: type }, chunks).failed, failed);
		}
	});
}

test("an answer that is an error of its own used nothing", () => {
	for (const exchange of recordings(/^error-/)) {
		if (exchange.status < 400 || exchange.path !== "/api/chat") continue;
		const decision = decide(sentBy(exchange));
		if (decision.permitted) assert.equal(replay(exchange, decision.value).usage, null);
	}
});

test("a pull uses nothing", () => {
	const request = judged({ path: "/api/pull", body: '{"model":"d"}' });
	assert.equal(meter(request, { status: 200, answerType: "application/x-ndjson" }, [Buffer.from('{"status":"success"}\n')]).usage, null);
});

test("a caller cannot close the record itself by what the model is made to say", () => {
	const request = judged({ path: "/api/chat", body: '{"model":"d"}' });
	const said =
		'{"message":{"content":"\\"done\\":true,\\"eval_count\\":0"},"done":false}\n{"message":{"tool_calls":[{"function":{"arguments":{"done":true,"eval_count":0}}}]},"done":false}\n';
	const { usage } = meter(request, { status: 200, answerType: "application/x-ndjson" }, [Buffer.from(said)], false);
	assert.deepEqual([usage?.outputTokens, usage?.estimated], [2, true]);
});

test("of a long whole answer the end says what was used, and not a text in it", () => {
	const request = judged({ path: "/api/embed", body: '{"model":"d","input":"x"}' });
	const numbers = Array.from({ length: 60_000 }, (_, at) => at / 7).join();
	const text = `{"model":"d \\"prompt_eval_count\\":9","embeddings":[[${numbers}]],"total_duration":5,"load_duration":4,"prompt_eval_count":3}`;
	const whole = Buffer.from(text);
	for (const size of [whole.length, 65_536, 1000]) {
		const chunks = cut(
			whole,
			Array.from({ length: Math.floor(whole.length / size) }, (_, at) => at * size),
		);
		const { usage } = meter(request, { status: 200, answerType: "application/json" }, chunks);
		assert.deepEqual([usage?.promptTokens, usage?.totalNs, usage?.estimated], [3, 5, false]);
	}
	const openai = judged({ path: "/v1/embeddings", body: '{"model":"d","input":"x"}' });
	const list = Buffer.from(
		`{"object":"list","data":[{"embedding":[${numbers}]}],"model":"d","usage":{"prompt_tokens":4,"total_tokens":4}}\n`,
	);
	assert.equal(meter(openai, { status: 200, answerType: "application/json" }, [list]).usage?.promptTokens, 4);
});

test("a line or an event beyond the cap passes unread, and the next is read again", () => {
	const long = "x".repeat(600_000);
	const chat = judged({ path: "/api/chat", body: '{"model":"d"}' });
	const lines = [`{"response":"${long}`, `${long}","done":false}`, '\n{"done":true,"eval_count":2}\n'].map((text) => Buffer.from(text));
	const read = meter(chat, { status: 200, answerType: "application/x-ndjson" }, lines);
	assert.deepEqual([read.usage?.outputTokens, read.usage?.estimated], [2, false]);

	const openai = judged({ path: "/v1/chat/completions", body: '{"model":"d","stream":true}' });
	const events = [
		`data: {"a":"${long}`,
		long,
		`${long}"}\n`,
		'\ndata: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}\n\n',
	];
	const passed = meter(
		openai,
		{ status: 200, answerType: "text/event-stream" },
		events.map((text) => Buffer.from(text)),
	);
	assert.equal(passed.relayed.length, events.slice(0, 3).join("").length + 1);
	assert.deepEqual([passed.usage?.outputTokens, passed.usage?.estimated], [2, false]);
});

test("once an event has become too long, its rest is no longer held", () => {
	const request = judged({ path: "/v1/chat/completions", body: '{"model":"d","stream":true}' });
	const made = createMeter(request, { status: 200, contentType: "text/event-stream" });
	assert.equal(made.push(Buffer.from("data: x")).length, 0);
	assert.equal(made.push(Buffer.alloc(2 ** 20, "x")).length, 2 ** 20 + 7);
	assert.equal(made.push(Buffer.from("rest")).toString(), "rest");
	assert.equal(made.end(false).boundary, false);
});

test("an image does not weigh what its base64 does", () => {
	const image = "A".repeat(400_000);
	const request = judged({
		path: "/api/chat",
		body: JSON.stringify({ model: "d", messages: [{ content: "what is it?", images: [image] }] }),
	});
	const { usage } = meter(request, { status: 200, answerType: "application/x-ndjson" }, [], false);
	assert.ok(usage !== null && usage.promptTokens > 100 && usage.promptTokens < 1000);
});

test("never throws and never loses a byte that was not usage, whatever comes", () => {
	const piece = fc.constantFrom(
		"data: ",
		"event: message_delta\n",
		"\n",
		"\r",
		"{",
		'"usage":{',
		"}",
		"]",
		'"choices":[]',
		":",
		"x",
		'{"done":true}',
		',"error":"e"',
	);
	const types = fc.constantFrom("application/x-ndjson", "text/event-stream", "application/json", "");
	const paths = fc.constantFrom("/api/chat", "/v1/messages", "/v1/responses", "/api/embed");
	fc.assert(
		fc.property(fc.array(fc.array(piece, { maxLength: 6 }), { maxLength: 8 }), types, paths, (chunks, type, path) => {
			const request = judged({ path, body: '{"model":"d","stream":true,"input":"x"}' });
			const bytes = chunks.map((pieces) => Buffer.from(pieces.join("")));
			assert.deepEqual(meter(request, { status: 200, answerType: type }, bytes).relayed, Buffer.concat(bytes));
		}),
		{ numRuns: 500 },
	);
	fc.assert(
		fc.property(fc.array(fc.array(piece, { maxLength: 6 }), { maxLength: 8 }), (chunks) => {
			const request = judged({ path: "/v1/chat/completions", body: '{"model":"d","stream":true}' });
			void meter(
				request,
				{ status: 200, answerType: "text/event-stream" },
				chunks.map((pieces) => Buffer.from(pieces.join(""))),
			);
		}),
		{ numRuns: 500 },
	);
});
