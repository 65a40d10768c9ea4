/**
 * The disk is full, broken or read-only under the whole running server.
 *
 *  - It fails closed: 503 with what to do, nothing reaches the upstream, readiness says no, `doctor` says why. It lives, so nobody restarts it.
 *  - A key is revoked all the same: a full disk keeps no stolen key alive.
 *  - It recovers by itself, and what was acknowledged before, shown or answered, is on record once.
 */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import { ask, chat } from "../support/asks.ts";
import { eventually } from "../support/eventually.ts";
import { type RawResponse, requestRaw } from "../support/raw-client.ts";
import { keyIdOf, type Numbered, runVerb, type ServeOptions, ServerProcess } from "../support/server-process.ts";
import { limitedDisk, type TinyDisk, tinyDisk } from "../support/tiny-disk.ts";
import { startWorkedUpstream, type WorkedUpstream } from "../support/worked-upstream.ts";

for (const [what, make] of [
	["a full disk", tinyDisk],
	["a disk that fails", limitedDisk],
] as const) {
	test(`${what} stops every request and no revocation, and is forgotten when it is over`, async (context) => {
		await using upstream = await startAnswering();
		const disk = await make(context);
		const options = optionsOf(disk, upstream);
		const server = await ServerProcess.start(context, options);
		const [alice, stolen] = [await server.createKey("user"), await server.createKey("user")];
		const before = await serveSome(server, alice);

		disk.fill(server);
		await untilClosed(server, alice, before);
		await assertClosed(server, { key: alice, upstream, why: disk.full, stateDirectory: disk.directory, disk });
		const made = await server.admin.post("/v1/keys", { name: "one more", role: "user" });
		assert.equal(made.status, 503);
		assert.match(made.text, /"code":"not-recorded".*rempart doctor/);
		const revoked = await server.admin.post(`/v1/keys/${keyIdOf(stolen)}/revoke`, {});
		// What could not be stored is not called done: it would come back with the next start.
		assert.ok(revoked.status === 200 || /"code":"not-stored".*revoke again/.test(revoked.text), revoked.text);
		assert.equal((await requestRaw(server, chat(stolen))).status, 401);

		disk.free(server);
		await assertOpen(server, alice);
		assert.equal((await server.admin.post(`/v1/keys/${keyIdOf(stolen)}/revoke`, {})).status, 200);
		await assertKept(server, before);
		assert.ok((await server.events(0, "&type=log-recovered")).length > 0);
		await assertRestarts(context, server, { options, disk, alice, stolen });
	});
}

test("a log that is read-only stops every request and no revocation, and is forgotten when it is not", async (context) => {
	await using upstream = await startAnswering();
	const disk = await tinyDisk(context);
	const options = optionsOf(disk, upstream);
	const server = await ServerProcess.start(context, options);
	const [alice, stolen] = [await server.createKey("user"), await server.createKey("user")];
	const before = await serveSome(server, alice);

	// An open file goes on being writable; after a failure it is opened anew, which is when read-only shows.
	disk.fill(server);
	await untilClosed(server, alice, before);
	disk.forbidWriting("events.db");
	disk.free(server);
	await eventually(async () => disk.readOnly.test((await server.admin.get("/v1/status")).text));
	await assertClosed(server, { key: alice, upstream, why: disk.readOnly, stateDirectory: disk.directory, disk });
	const revoked = await server.admin.post(`/v1/keys/${keyIdOf(stolen)}/revoke`, {});
	assert.equal(revoked.status, 200);
	assert.match(revoked.text, /"warning":"the revocation holds, but is not on record yet/);
	assert.equal((await requestRaw(server, chat(stolen))).status, 401);

	disk.allowWriting("events.db");
	await assertOpen(server, alice);
	await assertKept(server, before);
	const onRecord = (await server.events(0, "&type=key-revoked")).map(({ event }) => event.type === "key-revoked" && event.key);
	assert.deepEqual(onRecord, [keyIdOf(stolen)], "a revocation that could not be recorded at once is recorded when it can be");
	await assertRestarts(context, server, { options, disk, alice, stolen });
});

test("a server that cannot record does not start, and says what to do", async (context) => {
	await using upstream = await startAnswering();
	const disk = await tinyDisk(context);
	const options = optionsOf(disk, upstream);
	const first = await ServerProcess.start(context, options);
	const alice = await first.createKey("user");
	await first.stop();
	for (const file of ["events.db", "keys.db", "lock.db"]) {
		disk.forbidWriting(file);
		const { code, out, err } = await ServerProcess.spawn(context, options).ended;
		assert.equal(code, 2, file);
		assert.equal(out, "");
		assert.match(err, new RegExp(`^error: .*${file}.*\\nhint: make the state directory writable\\n$`));
		disk.allowWriting(file);
	}
	assert.equal(await statusOf(await ServerProcess.start(context, options), alice), 200);
});

async function startAnswering(): Promise<WorkedUpstream> {
	return await startWorkedUpstream({
		script: async (request) => {
			await request.body;
			await request.respond(200, '{"model":"door","done":true}');
		},
	});
}

function optionsOf(disk: TinyDisk, upstream: WorkedUpstream): ServeOptions {
	return { stateDirectory: disk.directory, seen: disk.seen, upstream: upstream.url, wrap: (command) => disk.wrap(command) };
}

/** Whole answers, or null where the connection broke off. */
async function answerTo(server: ServerProcess, key: string): Promise<RawResponse | null> {
	return await requestRaw(server, chat(key, { stream: false })).catch(() => null);
}

async function statusOf(server: ServerProcess, key: string): Promise<number | null> {
	return (await answerTo(server, key))?.status ?? null;
}

interface Acknowledged {
	/** x-request-ids. */
	readonly answered: string[];
	readonly shown: readonly Numbered[];
}

async function serveSome(server: ServerProcess, key: string): Promise<Acknowledged> {
	const answers = await Promise.all(Array.from({ length: 30 }, () => answerTo(server, key)));
	assert.deepEqual([...new Set(answers.map((answer) => answer?.status))], [200]);
	const answered = answers.map((answer) => answer?.header("x-request-id") ?? "");
	return { answered, shown: await server.events() };
}

interface Closed {
	readonly key: string;
	readonly upstream: WorkedUpstream;
	readonly why: RegExp;
	readonly stateDirectory: string;
	readonly disk: TinyDisk;
}

/** Requests that are under way when the disk fails break off, and some may still find room; from then on the answer is 503. */
async function untilClosed(server: ServerProcess, key: string, { answered }: Acknowledged): Promise<void> {
	await eventually(async () => {
		const answer = await answerTo(server, key);
		if (answer?.status === 200) answered.push(answer.header("x-request-id") ?? "");
		return answer?.status === 503;
	});
}

async function assertClosed(server: ServerProcess, { key, upstream, why, stateDirectory, disk }: Closed): Promise<void> {
	const reached = upstream.work.length;
	const refused = await answerTo(server, key);
	assert.equal(refused?.status, 503);
	assert.match(refused.text(), /requests cannot be recorded at present, so none is served; the operator should run rempart doctor/);
	assert.ok(Number(refused.header("retry-after")) > 0);
	assert.equal(upstream.work.length, reached, "nothing reaches the upstream");

	const ready = await fetch(`${server.adminUrl}/readyz`);
	assert.equal(ready.status, 503);
	assert.match(await ready.text(), /\{"name":"event-log","ok":false\}/);
	assert.equal((await fetch(`${server.adminUrl}/healthz`)).status, 200, "a restart would not mend the disk");
	assert.match(await (await fetch(`${server.adminUrl}/metrics`)).text(), /^rempart_event_log_available 0$/m);

	const doctor = await runVerb(["--state", stateDirectory, "--json", "doctor"], (command) => disk.wrap(command));
	assert.equal(doctor.code, 1);
	const findings = doctor.out.split("\n").filter((line) => line.includes('"check":"event-log"') && line.includes('"level":"fail"'));
	assert.equal(findings.length, 1, doctor.out);
	assert.match(findings[0] ?? "", why);
	assert.match(findings[0] ?? "", /"next":"make room .*, or make it writable; the server recovers by itself"/);
}

async function assertOpen(server: ServerProcess, key: string): Promise<void> {
	await eventually(async () => (await statusOf(server, key)) === 200);
	assert.equal((await fetch(`${server.adminUrl}/readyz`)).status, 200);
}

async function assertKept(server: ServerProcess, { answered, shown }: Acknowledged): Promise<void> {
	const events = await server.events();
	const starts = events.flatMap(({ event }) => (event.type === "request-started" ? [event.request] : []));
	assert.equal(new Set(starts).size, starts.length, "no event is on record twice");
	assert.deepEqual(
		answered.filter((request) => !starts.includes(request)),
		[],
	);
	assert.deepEqual(events.slice(0, shown.length), shown);
}

interface Afterwards {
	readonly options: ServeOptions;
	readonly disk: TinyDisk;
	readonly alice: string;
	readonly stolen: string;
}

async function assertRestarts(context: TestContext, server: ServerProcess, { options, disk, alice, stolen }: Afterwards): Promise<void> {
	assert.equal((await server.stop()).code, 0);
	const verified = await runVerb(["--state", options.stateDirectory, "events", "verify"], (command) => disk.wrap(command));
	assert.equal(verified.code, 0, verified.out + verified.err);
	const again = await ServerProcess.start(context, options);
	assert.equal((await requestRaw(again, ask({ key: stolen }))).status, 401);
	assert.equal(await statusOf(again, alice), 200);
}
