import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { HintedError } from "../std/hinted-error.ts";
import { createSecretFile, ensurePrivateFile, readSecretFile } from "./secret-file.ts";

test("refuses a secret that others may read or write", (context) => {
	const path = join(temporaryDirectory(context), "pepper");
	writeFileSync(path, "secret");
	for (const mode of [0o644, 0o640, 0o604, 0o620, 0o606]) {
		chmodSync(path, mode);
		for (const open of [readSecretFile, ensurePrivateFile]) {
			assert.throws(
				() => open(path),
				(error) => error instanceof HintedError && error.message.includes(mode.toString(8)) && error.hint.includes("chmod 600"),
			);
		}
	}
});

test("refuses a link, which could lead to a file of somebody else's choice", (context) => {
	const directory = temporaryDirectory(context);
	writeFileSync(join(directory, "real"), "secret", { mode: 0o600 });
	symlinkSync(join(directory, "real"), join(directory, "link"));
	assert.throws(() => readSecretFile(join(directory, "link")), HintedError);
	assert.throws(() => ensurePrivateFile(join(directory, "link")), HintedError);
});

test("refuses what is no regular file", (context) => {
	const path = join(temporaryDirectory(context), "directory");
	mkdirSync(path, { mode: 0o700 });
	assert.throws(() => readSecretFile(path), /not a regular file/);
});

test("never overwrites a secret", (context) => {
	const path = join(temporaryDirectory(context), "pepper");
	createSecretFile(path, Buffer.from("first"));
	assert.throws(() => createSecretFile(path, Buffer.from("second")), HintedError);
	assert.equal(readFileSync(path, "utf8"), "first");
});

test("says what is wrong where nothing can be written", (context) => {
	assert.throws(() => createSecretFile(join(temporaryDirectory(context), "missing", "pepper"), Buffer.from("x")), HintedError);
	assert.throws(() => ensurePrivateFile(join(temporaryDirectory(context), "missing", "events.db")), HintedError);
});

test("writes a secret for its owner alone and reads it back, whatever a crash left behind", (context) => {
	const path = join(temporaryDirectory(context), "pepper");
	assert.equal(readSecretFile(path), null);
	writeFileSync(`${path}.new`, "half a sec");
	createSecretFile(path, Buffer.from("secret"));
	assert.deepEqual(readSecretFile(path), Buffer.from("secret"));
	assert.equal(statSync(path).mode & 0o777, 0o600);
	assert.equal(existsSync(`${path}.new`), false);
});

test("makes an empty private file and leaves an existing one as it is", (context) => {
	const path = join(temporaryDirectory(context), "events.db");
	ensurePrivateFile(path);
	assert.equal(statSync(path).mode & 0o777, 0o600);
	writeFileSync(path, "content");
	ensurePrivateFile(path);
	assert.equal(readFileSync(path, "utf8"), "content");
});
