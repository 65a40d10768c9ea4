import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Event } from "./event.ts";
import { OUTCOMES, PHASES } from "./event.ts";
import { eventText } from "./event-text.ts";
import { FAULTS, type FaultCode } from "./fault.ts";
import { REASONS, type Reason } from "./reason.ts";

const anyText = fc.oneof(
	fc.string({ unit: "binary", maxLength: 30 }),
	fc.string({ maxLength: 30 }),
	fc.constantFrom('"', "\\", "\u2028", "\ud800"),
);
const nullable = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const at = fc.integer({ min: 0, max: 4_102_444_800_000 });
const count = fc.nat();
const ms = fc.double({ min: 0, max: 1e9, noNaN: true, noDefaultInfinity: true });
const reason = nullable(fc.constantFrom(...keysOf<Reason>(REASONS)));
const fault = nullable(fc.constantFrom(...keysOf<FaultCode>(FAULTS)));
const operation = nullable(fc.constantFrom("chat", "v1-chat-completions", "blob-upload"));
const class_ = nullable(fc.constantFrom("probe" as const, "read" as const, "infer" as const, "manage" as const));
const dialect = nullable(fc.constantFrom("ollama" as const, "openai" as const, "anthropic" as const));

const started: fc.Arbitrary<Event> = fc.record({
	type: fc.constant("request-started" as const),
	at,
	request: fc.uuid(),
	peer: anyText,
	method: anyText,
	path: anyText,
	userAgent: nullable(anyText),
	principal: nullable(anyText),
	principalName: nullable(anyText),
	role: nullable(anyText),
	operation,
	class: class_,
	dialect,
	model: nullable(anyText),
	streaming: fc.boolean(),
	decision: fc.constantFrom("permit" as const, "deny" as const, "fault" as const),
	reason,
	fault,
	detail: nullable(anyText),
});

const ended: fc.Arbitrary<Event> = fc.record({
	type: fc.constant("request-ended" as const),
	at,
	request: fc.uuid(),
	principal: nullable(anyText),
	operation,
	class: class_,
	dialect,
	model: nullable(anyText),
	method: anyText,
	outcome: fc.constantFrom(...OUTCOMES),
	phase: fc.constantFrom(...PHASES),
	status: count,
	reason,
	fault,
	detail: nullable(anyText),
	upstream: nullable(anyText),
	durationMs: ms,
	queuedMs: ms,
	firstByteMs: nullable(ms),
	overheadMs: ms,
	bytesIn: count,
	bytesOut: count,
	usage: nullable(
		fc.record({
			promptTokens: count,
			outputTokens: count,
			totalNs: nullable(count),
			loadNs: nullable(count),
			promptNs: nullable(count),
			evalNs: nullable(count),
			estimated: fc.boolean(),
		}),
	),
});

test("an event's text is what JSON.stringify makes of it", () => {
	fc.assert(
		fc.property(fc.oneof(started, ended), (event) => {
			const text = eventText(event);
			assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(event)));
			assert.deepEqual(Object.keys(JSON.parse(text)), Object.keys(JSON.parse(JSON.stringify(event))));
		}),
		{ numRuns: 1_000 },
	);
});

test("an event of every other type is written as it is", () => {
	const event: Event = { type: "log-recovered", at: 1, lost: 2 };
	assert.equal(eventText(event), '{"type":"log-recovered","at":1,"lost":2}');
});

test("a line has no line feed, whatever is in it", () => {
	fc.assert(fc.property(fc.oneof(started, ended), (event) => assert.ok(!eventText(event).includes("\n"))));
});

function keysOf<Key extends string>(table: Readonly<Record<Key, unknown>>): Key[] {
	return Object.keys(table).filter((key): key is Key => key in table);
}
