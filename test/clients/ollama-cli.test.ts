/** The stock `ollama` program, unmodified, with OLLAMA_AUTH=1 through the gateway over TLS. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { type ClientWorld, SENTENCE, startClientWorld } from "../support/client-world.ts";
import { ollamaClientKey } from "../support/ollama-client-key.ts";
import { findOllamaProgram, OllamaProgram } from "../support/ollama-program.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

/** What the program says to any 401 without a body, as a refused `HEAD /` has. */
const REFUSED = /^Error: something went wrong, please see the ollama server logs for details/;
const DENIED = /your role does not permit this kind of operation; ask the operator for another role/;

test("the ollama program", async (t) => {
	const program = findOllamaProgram(t);
	if (program === null) return;
	const world = await startClientWorld(t);
	const [user, operator, stranger] = [ollamaClientKey(), ollamaClientKey(), ollamaClientKey()];
	const ollama = (key = user) => new OllamaProgram(program, { home: temporaryDirectory(t), url: world.url, ca: world.gateway.ca, key });
	const userId = await enrol(world, "user", user.line);
	await enrol(world, "operator", operator.line);

	await t.test(
		"is refused with a key that is not enrolled, and without OLLAMA_AUTH; the record names the key as ssh-keygen does",
		async () => {
			for (const words of [["list"], ["run", "door", "who is there?"], ["pull", "door"]]) {
				const { exit, errors } = await ollama(stranger).run(words);
				assert.equal(exit, 1);
				assert.match(errors, REFUSED);
			}
			assert.match((await ollama().run(["list"], { OLLAMA_AUTH: "" })).errors, REFUSED);
			await world.endedWith("refused", 4);
			const [unknown, , , without] = await world.gateway.events("request-started");
			assert.deepEqual([unknown?.reason, without?.reason], ["credential-unknown", "credential-missing"]);
			assert.match(unknown?.detail ?? "", /^SHA256:[A-Za-z0-9+/]{43}$/);
		},
	);

	await t.test("does not talk to a gateway whose CA it was not given, nor in clear", async () => {
		const untrusting = await ollama().run(["list"], { SSL_CERT_FILE: "/dev/null" });
		assert.match(untrusting.errors, /certificate signed by unknown authority/);
		assert.equal((await ollama().run(["list"], { OLLAMA_HOST: world.url.replace("https:", "http:") })).exit, 1);
	});

	await t.test("is refused what its role does not permit, and is told why", async () => {
		for (const words of [
			["pull", "door-visitor"],
			["cp", "door", "mine"],
			["rm", "door"],
			["push", "door"],
		]) {
			const { exit, errors } = await ollama().run(words);
			assert.equal(exit, 1, words.join(" "));
			assert.match(errors, DENIED);
		}
	});

	await t.test("lists, shows, runs and says what is loaded", async () => {
		assert.match((await ollama().run(["--version"])).output, /^ollama version is \d/);
		const list = await ollama().run(["list"]);
		assert.equal(list.exit, 0, list.errors);
		assert.match(list.output, /^door:latest +[0-9a-f]{12}/m);
		const shown = await ollama().run(["show", "door"]);
		assert.match(shown.output, /architecture +llama/);
		const ran = await ollama().run(["run", "door", "who is there?"]);
		assert.equal(ran.exit, 0, ran.errors);
		assert.ok(ran.output.startsWith(SENTENCE), ran.output);
		assert.match((await ollama().run(["ps"])).output, /^door:latest/m);
		const [last] = (await world.endedWith("completed")).filter(({ operation }) => operation === "generate");
		assert.deepEqual([last?.principal, last?.model], [userId, "door:latest"]);
		assert.ok(last?.usage !== null && last?.usage !== undefined && last.usage.outputTokens > 0);
	});

	await t.test("pulls, copies and deletes as an operator", async () => {
		const asOperator = ollama(operator);
		// A real server without a network answers that it cannot reach the registry; what matters is that it was asked.
		const pulled = await asOperator.run(["pull", "door-visitor"]);
		if (world.upstream.real) assert.match(pulled.errors, /pull model manifest: Get "https:\/\/registry\.ollama\.ai/);
		else assert.equal(pulled.exit, 0, pulled.errors);
		const copy = `door-copy-${userId.slice(-8)}`;
		assert.equal((await asOperator.run(["cp", "door", copy])).exit, 0);
		assert.match((await asOperator.run(["list"])).output, new RegExp(`^${copy}:latest`, "m"));
		const removed = await asOperator.run(["rm", copy]);
		assert.equal(removed.exit, 0, removed.errors);
	});

	await t.test("is refused once it is removed", async () => {
		assert.equal((await world.gateway.admin.post(`/v1/principals/${userId}/remove`, {})).status, 200);
		assert.match((await ollama().run(["list"])).errors, REFUSED);
	});
});

async function enrol(world: ClientWorld, role: string, ollamaKey: string): Promise<string> {
	const made = await world.gateway.admin.post("/v1/principals", { name: `ollama ${role}`, role, ollamaKey });
	assert.equal(made.status, 201, made.text);
	const { id } = made.json() as { id: string };
	return id;
}
