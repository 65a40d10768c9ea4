import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync } from "node:fs";
import { test } from "node:test";

import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { HintedError } from "../std/hinted-error.ts";
import { acquireStateLock } from "./state-lock.ts";

const HOLDER = `
	const { acquireStateLock } = await import(process.argv[1]);
	acquireStateLock(process.argv[2], Date.now);
	process.stdout.write("held");
	setInterval(() => {}, 60_000);
`;

test("refuses a second holder, names the first, and is free again when that one was killed", async (context) => {
	const directory = temporaryDirectory(context);
	const holder = spawn(
		process.execPath,
		["--input-type=module", "-e", HOLDER, new URL("./state-lock.ts", import.meta.url).href, directory],
		{
			stdio: ["ignore", "pipe", "inherit"],
		},
	);
	context.after(() => holder.kill("SIGKILL"));
	await once(holder.stdout, "data");
	assert.throws(
		() => acquireStateLock(directory, () => 1),
		(error) => error instanceof HintedError && error.message.includes(`in use by process ${holder.pid}`) && error.hint.includes("stop it"),
	);
	holder.kill("SIGKILL");
	await once(holder, "exit");
	acquireStateLock(directory, () => 1).release();
});

test("refuses a second holder in the same process", (context) => {
	const directory = temporaryDirectory(context);
	const lock = acquireStateLock(directory, () => 1);
	assert.throws(() => acquireStateLock(directory, () => 1), HintedError);
	// Having been refused must not have loosened the first one's hold.
	assert.throws(() => acquireStateLock(directory, () => 1), HintedError);
	lock.release();
	acquireStateLock(directory, () => 1).release();
});

test("refuses a lock file that others may write to", (context) => {
	const directory = temporaryDirectory(context);
	acquireStateLock(directory, () => 1).release();
	chmodSync(`${directory}/lock.db`, 0o666);
	assert.throws(() => acquireStateLock(directory, () => 1), /mode 666/);
});
