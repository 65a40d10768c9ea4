/**
 * The public corpus of Http11Probe against every listener: nothing that the RFC wants refused is served, and nothing malformed goes on to the upstream.
 *
 * A valid credential is put into every head, so that the verdict is about framing and not about who asks; `GET /` and `POST /` are led to paths that
 * exist on each listener and, for POST, read their body. A request that never ends is refused by the clock, or by the end of the connection.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { join } from "node:path";
import { suite, test } from "node:test";

import { type Besieged, besieged } from "../support/besieged.ts";
import { eventually } from "../support/eventually.ts";
import { startAskedGateway } from "../support/forward-auth.ts";
import { mayBeServed, mustBeServed, type ProbeCase, probeCases } from "../support/http11probe-cases.ts";
import { connectRaw, RawClient, type RawResponse } from "../support/raw-client.ts";
import { startWorkedUpstream } from "../support/worked-upstream.ts";

const CASES = probeCases();
/** All cases at once, each on a connection of its own; what is incomplete is to be given up soon. */
const YAML =
	"limits: { header_timeout: 1s, body_timeout: 1s, connections: { total: 1000, per_address: 1000, unauthenticated_per_address: 1000 } }\n";

/** Reasons that say that the bytes were not a request, in contrast to a request that nobody may make. */
const FRAMING: ReadonlySet<string | null> = new Set([
	"request-malformed",
	"request-target-too-long",
	"request-head-too-large",
	"http-version-unsupported",
	"transfer-coding-unsupported",
	"expectation-unsupported",
	"head-timeout",
	"body-timeout",
	"body-too-large",
]);

/** What the suite wants served and the gateway refuses on purpose. */
const STRICTER: ReadonlySet<string> = new Set(["COMP-OPTIONS-STAR", "COMP-CHUNKED-TRAILER-VALID"]);

for (const tls of [false, true]) {
	suite(`the gateway ${tls ? "over TLS" : "in clear"}`, () => {
		test("serves no request that the RFC wants refused, closes after it, and forwards canonical requests alone", async () => {
			await using w = await besieged({ yaml: YAML, tls });
			const verdicts = await withReasons(w, await Promise.all(CASES.map((probe) => judge(w, probe))));
			const wrong = verdicts.flatMap(({ probe, answer, reason, closed }) => {
				if (mayBeServed(probe)) return [];
				const refused = answer === null || (answer.status >= 400 && FRAMING.has(reason));
				return refused && closed ? [] : [`${probe.id}: ${answer?.status} ${reason} ${closed ? "closed" : "open"}`];
			});
			assert.deepEqual(wrong, [], "wrongly accepted");
			const unserved = verdicts.filter(({ probe, answer, reason }) => mustBeServed(probe) && (answer === null || FRAMING.has(reason)));
			assert.deepEqual(unserved.map(({ probe }) => probe.id).toSorted(), [...STRICTER].toSorted(), "wrongly refused");
			// Every GET of the corpus that is sound asks for the banner; no body of it is JSON, so no POST gets this far.
			assert.deepEqual([...new Set(w.forwarded().map(({ method, path }) => `${method} ${path}`))], ["GET /"]);
			assert.equal(w.forwarded().length, verdicts.filter(({ answer }) => answer?.status === 200).length);
		});
	});
}

for (const [name, where, post] of [
	["the probes over TCP", ({ gateway }: Besieged) => ({ host: "127.0.0.1", port: Number(new URL(gateway.adminUrl).port) }), "/healthz"],
	["administration on its socket", ({ gateway }: Besieged) => ({ path: join(gateway.stateDirectory, "admin.sock") }), "/v1/keys"],
] as const) {
	suite(name, () => {
		test("serve no request that the RFC wants refused", async () => {
			await using w = await besieged();
			const wrong: string[] = [];
			let served = 0;
			// The listener takes 64 connections.
			for (let at = 0; at < CASES.length; at += 32) {
				const answers = await Promise.all(
					CASES.slice(at, at + 32).map(async (probe) => ({ probe, answer: await askAdmin(where(w), probe, post) })),
				);
				for (const { probe, answer } of answers) {
					if (answer?.status === 200) served += 1;
					if (answer !== null && answer.status >= 500 && answer.status !== 505) wrong.push(`${probe.id}: ${answer.status}`);
					if (!mayBeServed(probe) && answer !== null && answer.status < 400) wrong.push(`${probe.id}: ${answer.status}`);
				}
			}
			assert.deepEqual(wrong, []);
			assert.ok(served > 5, "the corpus has requests that are to be served");
		});
	});
}

suite("the questions of other proxies", () => {
	test("serve no request that the RFC wants refused", async () => {
		await using upstream = await startWorkedUpstream();
		await using gateway = await startAskedGateway({ upstreams: [upstream.url], yaml: YAML });
		const key = await gateway.createKey("user");
		const wrong: string[] = [];
		let served = 0;
		for (const probe of CASES) {
			const question = withCredential(retarget(probe.request, "/auth/envoy/", "/auth/envoy/api/show"), key);
			// Whose request it is has to be said, or nothing would be answered but that.
			const text = question.replace("Authorization:", "X-Forwarded-For: 203.0.113.9\r\nAuthorization:");
			const client = await connectRaw({ port: gateway.askPort });
			await client.send(Buffer.from(text, "latin1"));
			if (/timeout/.test(probe.expected) || probe.truncated === true) client.halfClose();
			const answer = await client.readResponseOrEnd({ head: text.startsWith("HEAD ") });
			client.destroy();
			if (answer?.status === 200) served += 1;
			if (!mayBeServed(probe) && answer !== null && answer.status < 400) wrong.push(`${probe.id}: ${answer.status}`);
		}
		assert.deepEqual(wrong, []);
		assert.ok(served > 5, "the corpus has requests that are to be served");
	});
});

test("the corpus is all there", () => {
	assert.equal(CASES.length, 142);
	assert.ok(CASES.filter((probe) => probe.scored && !mayBeServed(probe)).length > 70);
});

interface Verdict {
	readonly probe: ProbeCase;
	readonly answer: RawResponse | null;
	readonly reason: string | null;
	/** Whether the connection was ended by the gateway. */
	readonly closed: boolean;
}

async function judge(w: Besieged, probe: ProbeCase): Promise<Omit<Verdict, "reason">> {
	const text = withCredential(retarget(probe.request, "/", "/api/show"), w.keys.user);
	const client = await w.connect();
	await client.send(Buffer.from(text, "latin1"));
	const answer = await client.readResponseOrEnd({ head: text.startsWith("HEAD ") });
	const closed = answer === null || answer.header("connection") === "close";
	if (closed) await client.closed;
	client.destroy();
	return { probe, answer, closed };
}

/** One look at the log for all: the admin socket takes 64 connections. */
async function withReasons({ gateway }: Besieged, judged: readonly Omit<Verdict, "reason">[]): Promise<readonly Verdict[]> {
	const reasons = new Map<string, string | null>();
	await eventually(async () => {
		for (const { request, reason } of await gateway.events("request-ended")) reasons.set(request, reason);
		return judged.every(({ answer }) => answer === null || reasons.has(answer.header("x-request-id") ?? ""));
	});
	return judged.map((one) => ({ ...one, reason: reasons.get(one.answer?.header("x-request-id") ?? "") ?? null }));
}

async function askAdmin(where: net.NetConnectOpts, probe: ProbeCase, post: string): Promise<RawResponse | null> {
	const text = retarget(probe.request, "/healthz", post);
	const socket = net.connect({ ...where, allowHalfOpen: true });
	await once(socket, "connect");
	const client = new RawClient(socket);
	await client.send(Buffer.from(text, "latin1"));
	// What never ends would be given up after half a minute; the end of the connection says the same at once.
	if (/timeout/.test(probe.expected) || probe.truncated === true) client.halfClose();
	try {
		return await client.readResponseOrEnd({ head: text.startsWith("HEAD ") });
	} finally {
		client.destroy();
	}
}

function retarget(request: string, get: string, post: string): string {
	return request.replace(/^POST \/ /, `POST ${post} `).replace(/^(\s*[A-Za-z]+[ \t]+)\/ /, `$1${get} `);
}

/** Behind the last field, where there is a section of fields at all. */
function withCredential(request: string, key: string): string {
	const end = request.indexOf("\r\n\r\n", Math.max(0, request.indexOf("HTTP/")));
	return end === -1 ? request : `${request.slice(0, end)}\r\nAuthorization: Bearer ${key}${request.slice(end)}`;
}
