import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

import { checkKeys } from "./check-keys.ts";
import { openStores } from "./open-stores.ts";

test("a file that is no database cannot be vouched for", (t) => {
	const directory = folder(t);
	writeFileSync(join(directory, "keys.db"), "not a database".repeat(1000));
	assert.match(checkKeys(directory)?.join() ?? "", /not a database/);
});

test("a page that was overwritten is found", async (t) => {
	const directory = folder(t);
	await (await openStores({ directory, clock: Date.now })).close();
	const file = join(directory, "keys.db");
	const bytes = readFileSync(file);
	bytes.fill(0xff, 4096, 8192);
	writeFileSync(file, bytes);
	const found = checkKeys(directory);
	assert.ok(found !== null && found.length > 0);
});

test("none is null, a fresh one is sound", async (t) => {
	const directory = folder(t);
	assert.equal(checkKeys(directory), null);
	await (await openStores({ directory, clock: Date.now })).close();
	assert.deepEqual(checkKeys(directory), []);
});

function folder(t: TestContext): string {
	const directory = mkdtempSync(join(tmpdir(), "rempart-check-keys-"));
	t.after(() => rmSync(directory, { recursive: true, force: true }));
	return directory;
}
