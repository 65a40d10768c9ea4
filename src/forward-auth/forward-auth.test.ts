/** What happens when something that a decision needs is not there: 503, on record where that can be, and never a permit. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryEventLog } from "../../test/support/memory-event-log.ts";
import { policyWith, principalOf } from "../../test/support/policies.ts";
import { callerOf } from "../../test/support/received.ts";
import { originList } from "../gateway/origin-list.ts";
import { RefusalSampler } from "../gateway/refusal-sampler.ts";
import type { Caller } from "../http/caller.ts";
import { Fault } from "../model/fault.ts";
import type { EventLog } from "../ports/event-log.ts";
import type { KeyRing } from "../ports/key-ring.ts";
import { Admission } from "../quota/admission.ts";
import { HeaderFields } from "../wire/header-fields.ts";
import type { RequestHead } from "../wire/message.ts";
import { ForwardAuth, type ForwardAuthDeps } from "./forward-auth.ts";

const FIELDS = new HeaderFields(
	["x-original-method", "x-original-uri", "x-forwarded-for", "authorization"],
	["GET", "/api/version", "203.0.113.9", "Bearer key"],
);
const QUESTION: RequestHead = {
	method: "GET",
	target: "/auth/nginx",
	path: "/auth/nginx",
	query: null,
	minor: 1,
	host: "rempart",
	fields: FIELDS,
	framing: { kind: "none" },
	keepAlive: true,
	expectsContinue: false,
};
const KEYS: KeyRing = { verify: () => ({ principal: principalOf() }) };

function forwardAuth(changes: Partial<ForwardAuthDeps> = {}): { readonly handler: ForwardAuth; readonly log: MemoryEventLog } {
	const log = new MemoryEventLog();
	const handler = new ForwardAuth(
		{
			policy: policyWith({}),
			names: new Set(),
			origins: originList([]),
			limits: { maxDepth: 64, maxMembers: 1_000, bodyBytes: 1_000, bodyWithImagesBytes: 1_000 },
			wire: { maxHeadBytes: 16_384, maxFields: 64, maxTargetBytes: 4_096 },
			unseen: new Set(),
		},
		{
			keys: KEYS,
			events: log,
			observe: () => undefined,
			sampler: new RefusalSampler(1_000, 0),
			admission: new Admission({
				rate: { perMinute: 100, burst: 100 },
				concurrency: { perKey: 1, total: 1, perModel: null },
				queueSize: 1,
				queueTimeoutMs: 1,
				keepAliveMs: null,
			}),
			now: () => 0,
			monotonic: () => 0,
			mustShed: () => false,
			...changes,
		},
	);
	return { handler, log };
}

interface Answered {
	status: number;
	fields: readonly (readonly [string, string])[];
}

/** Whoever asks, and what it was answered. */
function asking(): { readonly caller: Caller; readonly answer: Answered } {
	const answer: Answered = { status: 0, fields: [] };
	const caller = Object.assign(callerOf(QUESTION, {}), {
		respond(status: number, fields: readonly (readonly [string, string])[]) {
			answer.status = status;
			answer.fields = fields;
		},
	});
	return { caller, answer };
}

test("permits where nothing is amiss", async () => {
	const { handler, log } = forwardAuth();
	const { caller, answer } = asking();
	await handler.handle(caller);
	assert.equal(answer.status, 200);
	assert.deepEqual(
		log.events.map(({ type }) => type),
		["request-started", "request-ended"],
	);
});

test("credentials that cannot be checked are a fault", async () => {
	const broken: KeyRing = {
		verify: () => {
			throw new Fault("key-store-unavailable", "gone");
		},
	};
	const { handler, log } = forwardAuth({ keys: broken });
	const { caller, answer } = asking();
	await handler.handle(caller);
	assert.equal(answer.status, 503);
	assert.ok(answer.fields.some(([name]) => name === "retry-after"));
	const [started] = log.events;
	assert.ok(started?.type === "request-started" && started.decision === "fault" && started.fault === "key-store-unavailable");
});

test("a bug is a fault", async () => {
	const { handler } = forwardAuth({
		keys: {
			verify: () => {
				throw new TypeError("no such thing");
			},
		},
	});
	const { caller, answer } = asking();
	await handler.handle(caller);
	assert.equal(answer.status, 503);
});

test("nobody passes while nothing can be recorded", async () => {
	const { handler, log } = forwardAuth();
	log.fail("disk full");
	const { caller, answer } = asking();
	await handler.handle(caller);
	assert.equal(answer.status, 503);
	log.recover(0);
	assert.ok(log.events.every((event) => event.type !== "request-started" || event.decision === "fault"));
});

test("a permit waits until it is on disk, and is none when that fails", async () => {
	const written = Promise.withResolvers<void>();
	const events: EventLog = {
		available: true,
		problem: null,
		lastSeq: 0,
		append: () => ({ committed: false, settled: written.promise }),
		read: () => Promise.resolve([]),
		close: () => Promise.resolve(),
	};
	const { handler } = forwardAuth({ events });
	const { caller, answer } = asking();
	const handled = handler.handle(caller);
	await new Promise((resolve) => setImmediate(resolve));
	assert.equal(answer.status, 0);
	written.reject(new Fault("event-log-unavailable", "disk full"));
	await handled;
	assert.equal(answer.status, 503);
});

test("no new work while memory is short, and nginx learns it as a fault", async () => {
	const { handler, log } = forwardAuth({ mustShed: () => true });
	const { caller, answer } = asking();
	await handler.handle(caller);
	assert.equal(answer.status, 503);
	assert.ok(log.events.some((event) => event.type === "request-ended" && event.reason === "memory-pressure"));
});
