/**
 * `kill -9` under load, again and again, on the whole server as its own process.
 *
 *  - After each kill it starts again by itself on the same state, without a repair, and the record is intact, whether it is read before or after.
 *  - What was shown or answered stays: every event that `GET /v1/events` had returned, every key whose text was handed out, and every answer that a
 *    caller received whole has its start on record.
 *  - What was in flight may be lost, but nothing else may go wrong: until the kill every request is answered with 200.
 */
import assert from "node:assert/strict";
import { watch } from "node:fs";
import { basename, join } from "node:path";
import { type TestContext, test } from "node:test";

import { verifyEvents } from "../../src/app/verify-events.ts";
import { openStores } from "../../src/stores/sqlite/open-stores.ts";
import { ask, chat } from "../support/asks.ts";
import { recordedEvents } from "../support/gateway.ts";
import { connectRaw, requestRaw } from "../support/raw-client.ts";
import { keyIdOf, type Numbered, runVerb, ServerProcess } from "../support/server-process.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { startWorkedUpstream } from "../support/worked-upstream.ts";

const ROUNDS = 8;
const CALLERS = 6;

const STREAM = ['{"model":"door","message":{"role":"assistant","content":"it is "},"done":false}\n', '{"model":"door","done":true}\n'];

/** What the world outside was told, in all rounds. */
class Told {
	/** x-request-ids of whole answers with 200. */
	readonly answered: string[] = [];
	readonly keys: string[] = [];
	readonly shown = new Map<number, Numbered["event"]>();
	/** What should not have happened while the server lived. */
	readonly surprises: string[] = [];
}

test("loses nothing that it acknowledged when it is killed under load, again and again", async (context) => {
	await using upstream = await startWorkedUpstream({
		script: async (request) => {
			await request.body;
			if (request.target !== "/api/chat") return await request.respond(200, request.target === "/api/tags" ? '{"models":[]}' : "{}");
			if (!request.bodySoFar.includes('"stream":true')) return await request.respond(200, STREAM[1]);
			await request.startStream();
			for (const chunk of STREAM) await request.chunk(chunk);
			await request.finish();
		},
	});
	const stateDirectory = join(temporaryDirectory(context), "state");
	const told = new Told();
	for (let round = 0; round < ROUNDS; round += 1) {
		const server = await ServerProcess.start(context, { stateDirectory, upstream: upstream.url });
		if (round % 2 === 1) await assertIntact(stateDirectory);
		await assertKept(server, told);
		// Sooner and later, in the middle of whatever is under way.
		const enough = told.answered.length + 1 + ((round * 53) % 200);
		await loadUntilKilled(server, told, () => told.answered.length >= enough && (round > 1 || told.shown.size > 0));
		if (round % 2 === 0) await assertIntact(stateDirectory);
	}
	assert.deepEqual(told.surprises, []);

	const last = await ServerProcess.start(context, { stateDirectory, upstream: upstream.url });
	await assertKept(last, told);
	for (const key of told.keys) assert.equal((await requestRaw({ port: last.port }, ask({ key }))).status, 200);
	assert.equal((await last.stop()).code, 0);
	await assertIntact(stateDirectory);
	const recorded = await recordedEvents(stateDirectory);
	await assertCounted(stateDirectory, recorded.filter(({ type }) => type === "request-ended").length);
	const started = new Set(
		recorded.flatMap((event) => (event.type === "request-started" && event.decision === "permit" ? event.request : [])),
	);
	assert.deepEqual(
		told.answered.filter((request) => !started.has(request)),
		[],
	);
	context.diagnostic(`${told.answered.length} answers, ${told.keys.length} keys and ${told.shown.size} events were acknowledged`);
	assert.ok(told.answered.length > ROUNDS * 20 && told.keys.length > ROUNDS && told.shown.size > ROUNDS);
});

test("starts after it was killed on its very first way up, at whatever file it had come to", async (context) => {
	await using upstream = await startWorkedUpstream();
	const start = async (file: string): Promise<void> => {
		const stateDirectory = temporaryDirectory(context);
		const made = whenMade(context, stateDirectory, file);
		const first = ServerProcess.spawn(context, { stateDirectory, upstream: upstream.url });
		await made;
		await first.kill();
		const second = await ServerProcess.start(context, { stateDirectory, upstream: upstream.url });
		await second.createKey("user");
		assert.equal((await second.stop()).code, 0, file);
		assert.equal((await verifyEvents(stateDirectory)).intact, true, file);
	};
	await Promise.all(["pepper", "events.db", "keys.db"].map(start));
});

/** What was counted through all the kills is what the record says, each request once. */
async function assertCounted(directory: string, requests: number): Promise<void> {
	const stores = await openStores({ directory, clock: Date.now });
	try {
		assert.deepEqual((await stores.usage.recompute("UTC")).differences, []);
		const { totals } = await stores.usage.report({ by: "day", since: null, until: null, limit: 10, offset: 0 }, "UTC");
		assert.equal(totals.requests, requests);
	} finally {
		await stores.close();
	}
}

/** Six callers, one who makes keys and one who reads the record, until `enough` is true; then the kill, and everybody notices. */
async function loadUntilKilled(server: ServerProcess, told: Told, enough: () => boolean): Promise<void> {
	const killed = Promise.withResolvers<void>();
	const round = { over: false };
	const lookAgain = (): void => {
		if (round.over || !enough()) return;
		round.over = true;
		server.kill().then(killed.resolve, killed.reject);
	};
	/** Does it over and over. It fails when the server is gone, and at no other time. */
	const untilKilled = async (what: string, act: () => Promise<void>): Promise<void> => {
		try {
			for (;;) {
				await act();
				lookAgain();
			}
		} catch (error) {
			if (round.over) return;
			told.surprises.push(`${what}: ${String(error)}`);
			round.over = true;
			await server.kill();
			killed.resolve();
		}
	};
	const key = await server.createKey("admin");
	told.keys.push(key);
	const callers = Array.from({ length: CALLERS }, (_, number) => call(server.port, key, number, told, untilKilled));
	const maker = untilKilled("making a key", async () => void told.keys.push(await server.createKey("reader")));
	let seq = Math.max(0, ...told.shown.keys());
	const reader = untilKilled("reading the record", async () => {
		for (const shown of await server.events(seq)) {
			told.shown.set(shown.seq, shown.event);
			seq = shown.seq;
		}
	});
	await Promise.all([...callers, maker, reader, killed.promise]);
}

/** One caller with requests of every class that waits differently for the record: answered, streamed, filtered, changing. */
async function call(
	port: number,
	key: string,
	number: number,
	told: Told,
	untilKilled: (what: string, act: () => Promise<void>) => Promise<void>,
): Promise<void> {
	const asks = [
		chat(key, { stream: false }),
		chat(key, { stream: true }),
		ask({ key }),
		ask({ method: "DELETE", path: "/api/delete", key, json: { model: "door" } }),
	];
	const client = await connectRaw({ port });
	let sent = number;
	await untilKilled(`caller ${number}`, async () => {
		await client.send(asks[sent++ % asks.length] ?? "");
		const answer = await client.readResponse();
		if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text()}`);
		told.answered.push(answer.header("x-request-id") ?? "an answer without an id");
	});
	client.destroy();
}

/** Everything that was shown or handed out is there, as it was. */
async function assertKept(server: ServerProcess, told: Told): Promise<void> {
	const { keys } = (await server.admin.get("/v1/keys")).json() as { keys: readonly { readonly id: string; readonly state: string }[] };
	const active = new Set(keys.filter(({ state }) => state === "active").map(({ id }) => id));
	assert.deepEqual(
		told.keys.filter((key) => !active.has(keyIdOf(key))),
		[],
	);
	const events = new Map((await server.events()).map(({ seq, event }) => [seq, event]));
	const oldest = Math.min(...events.keys());
	for (const [seq, event] of told.shown) if (seq >= oldest) assert.deepEqual(events.get(seq), event);
}

async function assertIntact(stateDirectory: string): Promise<void> {
	const { code, out, err } = await runVerb(["--state", stateDirectory, "--json", "events", "verify"]);
	assert.equal(code, 0, out + err);
	assert.equal((JSON.parse(out) as { intact: boolean }).intact, true);
}

/** Resolves as soon as the file has its name. */
function whenMade(context: TestContext, directory: string, file: string): Promise<void> {
	return new Promise((resolve) => {
		const watcher = watch(directory, (_, name) => {
			if (name !== null && basename(name) === file) resolve();
		});
		context.after(() => watcher.close());
	});
}
