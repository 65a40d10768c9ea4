import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { getPriority } from "node:os";
import { test } from "node:test";

import { CheckPool, poolSize } from "./check-pool.ts";

const SHA = "{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=";
const PLACE = { network: "n", account: "a", standing: 1 } as const;

test("one thread on one or two cores, half of the cores on more, and never more than eight", () => {
	assert.deepEqual([1, 2, 3, 4, 8, 64].map(poolSize), [1, 1, 1, 2, 4, 8]);
});

test("right and wrong are told apart, and what is no hash is wrong", async (context) => {
	const pool = new CheckPool(1);
	context.after(() => pool.close());
	assert.equal(await pool.check(PLACE, SHA, "correct horse").outcome, "right");
	assert.equal(await pool.check(PLACE, SHA, "wrong").outcome, "wrong");
	assert.equal(await pool.check(PLACE, "hunter2", "hunter2").outcome, "wrong");
});

test("the threads that hash give way to the one that streams, and the whole process does not", async (context) => {
	// Elsewhere the call would slow down the process, and is not made.
	if (process.platform !== "linux") return;
	const pool = new CheckPool(2);
	context.after(() => pool.close());
	await Promise.all([pool.check(PLACE, SHA, "a").outcome, pool.check(PLACE, SHA, "b").outcome]);
	const niceOf = (thread: string): string | undefined =>
		readFileSync(`/proc/self/task/${thread}/stat`, "utf8").split(") ")[1]?.split(" ")[16];
	const all = readdirSync("/proc/self/task").map((thread) => niceOf(thread));
	assert.equal(all.filter((nice) => nice === "10").length, 2);
	assert.equal(niceOf(String(process.pid)), String(getPriority()));
	assert.notEqual(getPriority(), 10);
});

test("a closed pool checks nothing: who waits is told so", async () => {
	const pool = new CheckPool(1);
	const all = Array.from({ length: 3 }, () => pool.check(PLACE, SHA, "correct horse").outcome);
	await pool.close();
	assert.deepEqual(new Set(await Promise.all(all)), new Set(["left"]));
	assert.equal(await pool.check(PLACE, SHA, "correct horse").outcome, "left");
	assert.equal(pool.waiting, 0);
});
