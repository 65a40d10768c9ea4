import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { folder, rempart } from "../../../test/support/cli.ts";
import { ollamaClientKey } from "../../../test/support/ollama-client-key.ts";

test("a public key is enrolled from a file and from standard input, listed and removed", async (t) => {
	const directory = await folder(t);
	const state = ["--state", join(directory, "state")];
	const file = join(directory, "id_ed25519.pub");
	writeFileSync(file, ollamaClientKey().line);
	const add = ["principal", "add", "--role", "user", "--ollama-key"];

	const first = await rempart([
		...add,
		file,
		"--name",
		"ada",
		"--models",
		"door, qwen*",
		"--group",
		"ops",
		"--group",
		"gpu users",
		"--expires",
		"30d",
		...state,
		"--json",
	]);
	assert.equal(first.code, 0, first.err);
	const ada: { id: string; models: string[]; groups: string[]; credential: { fingerprint: string } } = JSON.parse(first.out);
	assert.deepEqual(
		[ada.models, ada.groups],
		[
			["door", "qwen*"],
			["ops", "gpu users"],
		],
	);

	const piped = await rempart([...add, "-", "--name", "eve", ...state], { readInput: () => Promise.resolve(ollamaClientKey().line) });
	assert.equal(piped.code, 0, piped.err);
	assert.match(piped.out, /^OLLAMA_AUTH=1 OLLAMA_HOST=https:\/\//);

	const list = await rempart(["principal", "list", ...state]);
	assert.match(list.out, new RegExp(`${ada.id} +ada +user +active +door,qwen\\* +ops,gpu users +in 30d +ollama-key SHA256:`));
	assert.match(list.out, /eve/);

	const asked = await rempart(["policy", "explain", "--key", ada.id, ...state, "POST", "/api/generate", '{"model":"qwen3","prompt":"x"}']);
	assert.equal(asked.code, 0, asked.err);
	assert.match(asked.out, new RegExp(`${ada.id} \\(ada\\)`));
	assert.equal(
		(await rempart(["policy", "explain", "--key", ada.id, ...state, "POST", "/api/generate", '{"model":"other","prompt":"x"}'])).code,
		1,
	);

	const removed = await rempart(["principal", "remove", ada.id, ...state]);
	assert.equal(removed.out, `removed ${ada.id} (ada)\n`);
	assert.doesNotMatch((await rempart(["principal", "list", ...state])).out, /\bada\b/);
	assert.match((await rempart(["principal", "list", "--all", "--json", ...state])).out, /"name":"ada".*"state":"revoked"/);
});

test("what cannot be enrolled is wrong usage, and says what to give instead", async (t) => {
	const directory = await folder(t);
	const state = ["--state", join(directory, "state")];
	const add = ["principal", "add", "--name", "ada", "--role", "user", "--ollama-key"];
	const secret = "-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----\n";
	for (const [words, input, said] of [
		[[...add, join(directory, "nothing.pub")], "", /error: the public key cannot be read/],
		[[...add, "-"], "", /error: no public key/],
		[[...add, "-"], secret, /error: no public key: that is a private key/],
		[["principal", "add", "--name", "ada", "--role", "user"], "", /--ollama-key/],
	] as const) {
		const { code, out, err } = await rempart([...words, ...state], { readInput: () => Promise.resolve(input) });
		assert.deepEqual([code, out], [2, ""], err);
		assert.match(err, said);
		assert.match(err, /hint: /);
		assert.ok(!err.includes("c2VjcmV0"));
	}
});

test("to remove nobody is the answer no", async (t) => {
	const state = ["--state", await folder(t)];
	const { code, err } = await rempart(["principal", "remove", "prn_zzzzzzzz", ...state]);
	assert.equal(code, 1);
	assert.match(err, /error: there is no principal 'prn_zzzzzzzz'\nhint: /);
});
