/** Wrong passwords at a whole gateway: what they cost whom, what is kept of them, and what is written. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { ask } from "../support/asks.ts";
import { startGateway } from "../support/gateway.ts";
import { requestRaw } from "../support/raw-client.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { startWorkedUpstream } from "../support/worked-upstream.ts";

/** SHA-1 of each password: checked in no time, so that what waits here waits by intent. */
const USERS = "alice:{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=\nbob:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n";
const PASSWORD = "correct horse";
const GUESS = "canary-guess";
const ATTACKER = "127.0.0.66";

function basic(user: string, password: string): readonly [string, string] {
	return ["Authorization", `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`];
}

test("guessing is slowed down for who guesses, over a restart, and for nobody else; it is recorded without a password", async (context) => {
	const folder = temporaryDirectory(context);
	const users = join(folder, "users");
	writeFileSync(users, USERS, { mode: 0o600 });
	await using upstream = await startWorkedUpstream({ script: (request) => request.respond(200, '{"models":[]}') });
	const options = {
		upstreams: [upstream.url],
		stateDirectory: join(folder, "state"),
		yaml: `identities: { htpasswd: { file: "${users}" } }\n`,
	};
	const asker = (port: number) => (user: string, password: string, localAddress: string) =>
		requestRaw({ port, localAddress }, ask({ fields: [basic(user, password)] }));

	const first = await startGateway(options);
	const ask1 = asker(first.port);
	assert.equal((await ask1("alice", PASSWORD, "127.0.0.1")).status, 200);
	for (let guess = 0; guess < 5; guess += 1) assert.equal((await ask1("alice", `${GUESS} ${guess}`, ATTACKER)).status, 401);
	const slowed = await ask1("alice", PASSWORD, ATTACKER);
	assert.equal(slowed.status, 429);
	assert.equal(slowed.header("retry-after"), "1");
	assert.match(slowed.text(), /too many wrong passwords/);
	for (let guess = 0; guess < 15; guess += 1) await ask1(`hunter${guess}`, `${GUESS} ${guess}`, ATTACKER);
	assert.equal((await ask1("bob", "password", ATTACKER)).status, 429, "twenty from one network: it waits at every name");
	assert.equal((await ask1("alice", PASSWORD, "127.0.0.1")).status, 200);
	assert.equal((await ask1("bob", "password", "127.0.0.2")).status, 200);
	const noticed = await first.events("guessing-noticed");
	assert.deepEqual(
		noticed.map(({ scope, network, principal, wrong }) => [scope, network, principal, wrong]),
		[["network", ATTACKER, null, 20]],
	);
	await first.server.stop();

	const second = await startGateway(options);
	const ask2 = asker(second.port);
	const still = await ask2("bob", "password", ATTACKER);
	assert.equal(still.status, 429);
	assert.equal((await ask2("alice", PASSWORD, "127.0.0.1")).status, 200);
	await second.server.stop();

	for (const file of readdirSync(options.stateDirectory, { recursive: true, encoding: "utf8" })) {
		const bytes = readContent(join(options.stateDirectory, file));
		for (const secret of [PASSWORD, GUESS, "L55TUjtiq8FBorTWAZ0jy6g129A", "hunter1"])
			assert.ok(!bytes.includes(secret), `${file}: ${secret}`);
	}
	await first[Symbol.asyncDispose]();
	await second[Symbol.asyncDispose]();
});

/** Folders and sockets hold nothing of their own. */
function readContent(path: string): Buffer {
	try {
		return readFileSync(path);
	} catch {
		return Buffer.alloc(0);
	}
}
