import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { temporaryDirectory } from "../../test/support/temporary-directory.ts";

import { AttemptsFile } from "./attempts-file.ts";

const SNAPSHOT = { networks: [["n", 3, 10]], accounts: [], pairs: [["p", 1.5, 11]], all: [3, 11], known: [["k", 12]] } as const;

for (const [what, text] of [
	["is empty", ""],
	["is not JSON", "{"],
	["is of another version", JSON.stringify({ version: 2, snapshot: SNAPSHOT })],
	["lacks a part", JSON.stringify({ version: 1, snapshot: { ...SNAPSHOT, known: undefined } })],
	["holds a row of the wrong form", JSON.stringify({ version: 1, snapshot: { ...SNAPSHOT, pairs: [["p", "1"]] } })],
] as const) {
	test(`a file that ${what} is nothing to count on`, async (context) => {
		const path = join(temporaryDirectory(context), "attempts.json");
		writeFileSync(path, text);
		assert.equal(await new AttemptsFile(path).load(), null);
	});
}

test("a file that is not there is nothing to count on", async (context) => {
	assert.equal(await new AttemptsFile(join(temporaryDirectory(context), "attempts.json")).load(), null);
});

test("what was saved last is read back, by whoever asks, and only the server's user can open it", async (context) => {
	const path = join(temporaryDirectory(context), "attempts.json");
	const file = new AttemptsFile(path);
	await Promise.all([file.save({ ...SNAPSHOT, networks: [] }), file.save(SNAPSHOT)]);
	assert.deepEqual(await new AttemptsFile(path).load(), JSON.parse(JSON.stringify(SNAPSHOT)));
	assert.equal(statSync(path).mode & 0o777, 0o600);
	assert.match(readFileSync(path, "utf8"), /^\{"version":1,/);
});
