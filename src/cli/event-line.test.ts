import assert from "node:assert/strict";
import { test } from "node:test";

import { requestStarted } from "../../test/support/admin-deps.ts";
import type { Event } from "../model/event.ts";
import { EVENT_TYPE_NAMES } from "../model/event-types.ts";
import { eventLine } from "./event-line.ts";

const AT = Date.UTC(2026, 0, 1);
const plain = { paint: (_style: string, text: string) => text };

/** One of each type; the compiler and the first test see to it that none is left out. */
const ONE_OF_EACH: { readonly [Type in Event["type"]]: Extract<Event, { type: Type }> | Event } = {
	"request-started": requestStarted(),
	"request-ended": {
		type: "request-ended",
		at: AT,
		request: "r1",
		principal: "abcd1234",
		groups: null,
		operation: "chat",
		class: "infer",
		dialect: "ollama",
		model: "llama3.2:latest",
		method: "POST",
		outcome: "completed",
		phase: "ended",
		status: 200,
		reason: null,
		fault: null,
		detail: null,
		upstream: "local",
		durationMs: 1234.5,
		queuedMs: 0,
		priority: "normal",
		firstByteMs: 10,
		overheadMs: 0.2,
		bytesIn: 1,
		bytesOut: 2,
		usage: { promptTokens: 12, outputTokens: 40, totalNs: null, loadNs: null, promptNs: null, evalNs: null, estimated: false },
		gpuTimeUs: 0,
		charged: null,
	},
	"refusals-summarised": { type: "refusals-summarised", at: AT, reason: "credential-missing", count: 900, sinceMs: 60_000 },
	"key-created": { type: "key-created", at: AT, key: "abcd1234", name: "laptop", role: "user", by: "socket" },
	"key-rotated": { type: "key-rotated", at: AT, key: "abcd1234", name: "laptop", role: "user", by: "socket" },
	"key-revoked": { type: "key-revoked", at: AT, key: "abcd1234", name: "laptop", role: "user", by: "store" },
	"principal-added": {
		type: "principal-added",
		at: AT,
		principal: "prn_abcd1234",
		name: "laptop",
		role: "user",
		credential: "ollama-key",
		fingerprint: "SHA256:x",
		by: "socket",
	},
	"principal-removed": {
		type: "principal-removed",
		at: AT,
		principal: "prn_abcd1234",
		name: "laptop",
		role: "user",
		credential: "ollama-key",
		fingerprint: "SHA256:x",
		by: "store",
	},
	"budget-reset": { type: "budget-reset", at: AT, budget: "daily-tokens", subject: "abcd1234", by: "socket" },
	"guessing-noticed": { type: "guessing-noticed", at: AT, scope: "network", network: "192.0.2.7", principal: null, wrong: 20 },
	"principal-unfamiliar": {
		type: "principal-unfamiliar",
		at: AT,
		principal: "abcd1234",
		name: "laptop",
		request: "00000000-0000-4000-8000-000000000000",
		what: "network",
		seen: "198.51.0.0/16",
		usual: "192.0.0.0/16",
	},
	"anomaly-volume": { type: "anomaly-volume", at: AT, principal: "p", name: "n", request: "r", seen: "90000", usual: "400", bound: 20_000 },
	"anomaly-model": {
		type: "anomaly-model",
		at: AT,
		principal: "p",
		name: "n",
		request: "r",
		seen: "qwen3:latest",
		usual: "door:latest",
		bound: null,
	},
	"anomaly-hour": {
		type: "anomaly-hour",
		at: AT,
		principal: "p",
		name: "n",
		request: "r",
		seen: "03:00",
		usual: "09:00 to 17:59",
		bound: null,
	},
	"identity-provider-up": { type: "identity-provider-up", at: AT, issuer: "https://sso.example.org", detail: null },
	"identity-provider-down": { type: "identity-provider-down", at: AT, issuer: "https://sso.example.org", detail: "it answers 503" },
	"passwords-loaded": { type: "passwords-loaded", at: AT, detail: "3 users" },
	"passwords-rejected": { type: "passwords-rejected", at: AT, detail: "line 2" },
	"server-started": {
		type: "server-started",
		at: AT,
		version: "0.1.0",
		gateway: "https://x",
		upstreams: ["http://u"],
		demonstration: true,
		configDigest: "d",
	},
	"server-stopped": { type: "server-stopped", at: AT, drainedMs: 12, cut: 1 },
	"config-reloaded": { type: "config-reloaded", at: AT, configDigest: "d", by: "signal", detail: null },
	"config-rejected": { type: "config-rejected", at: AT, configDigest: null, by: "socket", detail: "line 3" },
	"person-signed-in": personSession("person-signed-in", null),
	"person-signed-out": personSession("person-signed-out", "idle"),
	"sign-in-refused": { type: "sign-in-refused", at: AT, problem: "person-not-admitted", detail: "no rule fits u1", unrecorded: 2 },
	"administration-refused": {
		type: "administration-refused",
		at: AT,
		by: "psn_1 (ada)",
		role: "viewer",
		what: "POST /v1/keys",
		detail: "it takes operator",
	},
	"certificate-reloaded": { type: "certificate-reloaded", at: AT, detail: "box" },
	"certificate-rejected": { type: "certificate-rejected", at: AT, detail: "expired" },
	"upstream-up": { type: "upstream-up", at: AT, upstream: "local", detail: null },
	"upstream-down": { type: "upstream-down", at: AT, upstream: "local", detail: "ECONNREFUSED" },
	"runner-wedged": { type: "runner-wedged", at: AT, upstream: "local", model: "m", waiting: 3, detail: null },
	"runner-healed": { type: "runner-healed", at: AT, upstream: "local", model: "m", waiting: 0, detail: null },
	"runner-heal-failed": { type: "runner-heal-failed", at: AT, upstream: "local", model: "m", waiting: 4, detail: "500" },
	"events-pruned": { type: "events-pruned", at: AT, throughSeq: 40, throughAt: AT, checkpoint: 7, hash: "ab", retentionMs: 86_400_000 },
	"fault-raised": { type: "fault-raised", at: AT, fault: "event-log-unavailable", detail: "disk full" },
	"log-recovered": { type: "log-recovered", at: AT, lost: 7 },
};

test("what a stranger wrote cannot move the cursor or begin a line of its own", () => {
	const event = requestStarted({ path: "/\u001b[2J\nforged  1  key-created", userAgent: null });
	const shown = eventLine({ seq: 1, event }, plain);
	assert.ok(!shown.includes("\u001b") && !shown.includes("\n"));
});

for (const type of EVENT_TYPE_NAMES) {
	test(`${type} is one line with its time, number and type`, () => {
		const event = Object.values(ONE_OF_EACH).find((one) => one.type === type);
		assert.ok(event !== undefined);
		assert.match(eventLine({ seq: 42, event }, plain), new RegExp(`^2026-01-01 00:00:00Z +42  ${type}`));
	});
}

test("a request's lines tell who, what and how it went", () => {
	assert.match(
		eventLine({ seq: 1, event: ONE_OF_EACH["request-started"] }, plain),
		/permit {2}POST \/api\/chat {2}llama3\.2:latest {2}key abcd1234 \(laptop\) {2}from 192\.0\.2\.7 {2}r1$/,
	);
	const signed = requestStarted({ principal: "prn_abcd1234", principalName: "laptop" });
	assert.match(eventLine({ seq: 1, event: signed }, plain), / {2}prn_abcd1234 \(laptop\) {2}from /);
	assert.match(
		eventLine({ seq: 1, event: ONE_OF_EACH["request-ended"] }, plain),
		/completed 200 {2}chat {2}llama3\.2:latest {2}1235 ms {2}12\+40 tokens {2}r1$/,
	);
});

function personSession(type: "person-signed-in" | "person-signed-out", detail: string | null): Event {
	return { type, at: AT, person: "psn_1", name: "ada", subject: "u1", role: "viewer", session: "5e55", way: "browser", detail };
}
