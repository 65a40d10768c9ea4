import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, realpathSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";

import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { HintedError } from "../std/hinted-error.ts";
import { assertPrivate, prepareStateDirectory, resolveStateDirectory } from "./state-directory.ts";

test("refuses a directory that others have rights to, and says how to mend it", (context) => {
	for (const mode of [0o755, 0o750, 0o701, 0o770, 0o704, 0o702]) {
		const directory = join(temporaryDirectory(context), "state");
		mkdirSync(directory);
		chmodSync(directory, mode);
		assert.throws(
			() => prepareStateDirectory(directory),
			(error) => error instanceof HintedError && error.message.includes(`mode ${mode.toString(8)}`) && error.hint.includes("chmod 700"),
		);
		assert.equal(statSync(directory).mode & 0o777, mode, "it is refused, not repaired");
	}
});

test("refuses what belongs to somebody else", (context) => {
	const directory = temporaryDirectory(context);
	const stats = statSync(directory);
	// The owner is what this process sees: only root could give the directory away for real.
	const foreign = Object.assign(Object.create(stats), { uid: stats.uid + 1 });
	assert.throws(() => assertPrivate(directory, foreign, "700"), /belongs to user/);
	if (process.getuid?.() !== 0) return;
	chownSync(directory, 12_345, 12_345);
	assert.throws(() => prepareStateDirectory(directory), /belongs to user 12345/);
});

test("refuses a place where everybody may put another directory in its stead", (context) => {
	const above = join(temporaryDirectory(context), "shared");
	mkdirSync(above);
	chmodSync(above, 0o777);
	assert.throws(() => prepareStateDirectory(join(above, "deep", "state")), /everybody may rename what is in/);
	// The sticky bit, as on /tmp, keeps others from renaming what is not theirs.
	chmodSync(above, 0o1777);
	prepareStateDirectory(join(above, "deep", "state"));
});

test("refuses what is no directory, or cannot be made", (context) => {
	const directory = temporaryDirectory(context);
	writeFileSync(join(directory, "file"), "", { mode: 0o600 });
	assert.throws(() => prepareStateDirectory(join(directory, "file")), HintedError);
	assert.throws(() => prepareStateDirectory(join(directory, "file", "state")), HintedError);
});

test("judges where a link leads, not the link", (context) => {
	const directory = temporaryDirectory(context);
	mkdirSync(join(directory, "real"), { mode: 0o700 });
	symlinkSync(join(directory, "real"), join(directory, "link"));
	assert.equal(prepareStateDirectory(join(directory, "link")), realpathSync(join(directory, "real")));
	chmodSync(join(directory, "real"), 0o755);
	assert.throws(() => prepareStateDirectory(join(directory, "link")), /mode 755/);
});

test("makes the directory for its owner alone, and takes it again", (context) => {
	const directory = join(temporaryDirectory(context), "a", "b");
	prepareStateDirectory(directory);
	assert.equal(statSync(directory).mode & 0o777, 0o700);
	assert.equal(prepareStateDirectory(directory), realpathSync(directory));
});

test("finds the place: the variable, else root's, else XDG's, else the home directory", () => {
	const home = "/home/ada";
	const cases: readonly [Parameters<typeof resolveStateDirectory>[0], string][] = [
		[{ environment: { REMPART_STATE: "/srv/state" }, uid: 0, home }, "/srv/state"],
		[{ environment: { REMPART_STATE: "relative" }, uid: 1_000, home }, resolve("relative")],
		[{ environment: { REMPART_STATE: "" }, uid: 0, home }, "/var/lib/rempart"],
		[{ environment: { XDG_STATE_HOME: "/xdg" }, uid: 0, home }, "/var/lib/rempart"],
		[{ environment: { XDG_STATE_HOME: "/xdg" }, uid: 1_000, home }, "/xdg/rempart"],
		[{ environment: { XDG_STATE_HOME: "relative" }, uid: 1_000, home }, "/home/ada/.local/state/rempart"],
		[{ environment: {}, uid: 1_000, home }, "/home/ada/.local/state/rempart"],
		[{ environment: {}, uid: null, home }, "/home/ada/.local/state/rempart"],
	];
	for (const [surroundings, expected] of cases) assert.equal(resolveStateDirectory(surroundings), expected);
});
