import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { HintedError } from "../std/hinted-error.ts";
import { readSecret } from "./read-secret.ts";

for (const [what, content] of [
	["nothing", ""],
	["an empty line", "\n"],
	["two lines", "hunter2\nhunter3\n"],
	["a zero byte", "hunter2\0"],
	["more than a secret is long", "h".repeat(8 * 1024 + 1)],
] as const) {
	test(`a file that holds ${what} holds no secret, and the message none of it`, async (t) => {
		const file = join(temporaryDirectory(t), "secret");
		await writeFile(file, content);
		await assert.rejects(readSecret({ file }, "a.b"), (error) => {
			assert.ok(error instanceof HintedError);
			assert.match(error.message, /^a\.b: /);
			assert.doesNotMatch(error.message + error.hint, /hunter|hhh/);
			return true;
		});
	});
}

test("a file that is not there is named with its setting, and so is a variable", async (t) => {
	await assert.rejects(readSecret({ file: join(temporaryDirectory(t), "none") }, "a.b"), /^HintedError: a\.b: .*ENOENT/);
	await assert.rejects(readSecret({ env: "REMPART_TEST_ABSENT" }, "a.b"), /a\.b: the variable REMPART_TEST_ABSENT holds no secret/);
});

test("the line end that editors add is no part of it, anything else is", async (t) => {
	const file = join(temporaryDirectory(t), "secret");
	for (const [content, secret] of [
		["hunter2", "hunter2"],
		["hunter2\n", "hunter2"],
		[" hunter2 \r\n", " hunter2 "],
	] as const) {
		await writeFile(file, content);
		assert.equal((await readSecret({ file }, "a.b")).reveal(), secret);
	}
});
