/** The launcher that an old Node runs: installs once, remembers it, and says what is wrong. `npm` is a stub here, so nothing leaves the machine. */
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
	chmodSync,
	cpSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	realpathSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
/** The oldest Node that is at hand: whatever the shell finds, else the one that runs this. */
const node = (() => {
	try {
		return execFileSync("sh", ["-c", "PATH=$(echo \"$PATH\" | sed 's#[^:]*/node_modules/[^:]*:##g') command -v node"], {
			encoding: "utf8",
		}).trim();
	} catch {
		return process.execPath;
	}
})();

/** A copy of what the launcher needs, with a program called npm that writes down how it was called. */
function checkout(t: TestContext, npmExit = 0) {
	const folder = mkdtempSync(join(tmpdir(), "rempart-setup-"));
	t.after(() => rmSync(folder, { recursive: true, force: true }));
	mkdirSync(join(folder, "tools"));
	for (const file of ["tools/run.mjs", "package.json", "package-lock.json"]) cpSync(join(root, file), join(folder, file));
	const bin = join(folder, "bin");
	mkdirSync(bin);
	const calls = join(folder, "npm-calls");
	writeFileSync(
		join(bin, "npm"),
		`#!/bin/sh\necho "$@" >> '${calls}'\nmkdir -p node_modules\necho 'npm error no network' >&2\nexit ${npmExit}\n`,
	);
	chmodSync(join(bin, "npm"), 0o755);
	const env = { PATH: `${bin}:${dirname(node)}:/usr/bin:/bin`, HOME: folder };
	return {
		folder,
		calls: () => (existsSync(calls) ? readFileSync(calls, "utf8").trim().split("\n") : []),
		run: (...words: string[]) => spawnSync(node, ["tools/run.mjs", ...words], { cwd: folder, env, encoding: "utf8" }),
		/** Not waited for, from a folder elsewhere. */
		start: (cwd: string, ...words: string[]) => {
			const child = spawn(node, [join(folder, "tools/run.mjs"), ...words], { cwd, env, stdio: ["ignore", "pipe", "inherit"] });
			t.after(() => child.kill("SIGKILL"));
			return child;
		},
	};
}

/** Puts a program of one line in the place of the pinned runtime, as npm would put the runtime. */
function placeRuntime(folder: string, line: string): void {
	const bin = join(folder, "node_modules", `node-${process.platform}-${process.arch}`, "bin");
	mkdirSync(bin, { recursive: true });
	writeFileSync(join(bin, "node"), `#!${process.execPath}\n${line}\n`);
	chmodSync(join(bin, "node"), 0o755);
}

test("refuses a verb that it does not know, and says which there are", (t) => {
	const { run, calls } = checkout(t);
	const { status, stderr } = run("instal");
	assert.equal(status, 2);
	assert.match(stderr, /^error: "instal" is not a verb of this script\nhint: one of: setup, rempart, test, check/);
	assert.deepEqual(calls(), []);
});

test("linked onto the path as rempart, takes the program's own words, from anywhere", (t) => {
	const { folder, run } = checkout(t);
	run("setup");
	placeRuntime(folder, "console.log(process.argv.slice(2).join(' '), process.cwd())");
	const program = join(folder, "bin", "rempart");
	symlinkSync(join(folder, "tools", "run.mjs"), program);
	const { status, stdout } = spawnSync(node, [program, "key", "list"], { cwd: tmpdir(), encoding: "utf8" });
	assert.equal(status, 0);
	assert.match(stdout, /src\/main\.ts key list /);
	assert.ok(stdout.trimEnd().endsWith(realpathSync(tmpdir())));
	assert.notEqual(statSync(join(root, "tools", "run.mjs")).mode & 0o111, 0, "npm would change its mode, and the checkout with it");
});

test("says what to do when the packages cannot be installed, and remembers nothing", (t) => {
	const { run, calls } = checkout(t, 1);
	const { status, stderr } = run("setup");
	assert.equal(status, 2);
	assert.match(
		stderr,
		/npm error no network\nerror: the packages could not be installed\nhint: check that the npm registry can be reached/,
	);
	run("setup");
	assert.equal(calls().length, 2);
});

test("installs what use needs, without development packages and without install scripts, once", (t) => {
	const { run, calls } = checkout(t);
	assert.equal(run("setup").status, 0);
	assert.equal(run("setup").status, 0);
	const [call = "", ...more] = calls();
	assert.deepEqual(more, []);
	for (const word of ["install", "--no-save", "--ignore-scripts", "--omit=dev"]) assert.ok(call.split(" ").includes(word), word);
});

test("installs development packages when a test needs them, and again when the lock file has changed", (t) => {
	const { run, calls, folder } = checkout(t);
	run("setup");
	run("node", "--version");
	assert.equal(calls().length, 2);
	assert.ok(!calls()[1]?.includes("--omit=dev"));
	run("setup");
	assert.equal(calls().length, 2);
	writeFileSync(join(folder, "package-lock.json"), `${readFileSync(join(folder, "package-lock.json"), "utf8")}\n`);
	run("setup");
	assert.equal(calls().length, 3);
});

test("runs a verb on the pinned runtime, in the caller's folder, and hands on its words, its output and its exit code", async (t) => {
	const { folder, start, calls } = checkout(t);
	placeRuntime(folder, "console.log(JSON.stringify([process.cwd(), ...process.argv.slice(2)])); process.exit(1);");
	const child = start(tmpdir(), "rempart", "key", "list", "--json");
	const [[said], [code]] = await Promise.all([once(child.stdout, "data"), once(child, "exit")]);
	const [where, flag, ...command] = JSON.parse(String(said));
	assert.deepEqual([where, flag], [realpathSync(tmpdir()), "--no-allocation-site-pretenuring"]);
	assert.deepEqual(command, [join(folder, "src/main.ts"), "key", "list", "--json"]);
	assert.equal(code, 1);
	assert.equal(calls().length, 1);
});

test("what was compiled is kept beside the packages for the next start, and never for tests", (t) => {
	const { folder, run } = checkout(t);
	placeRuntime(folder, "console.log(process.env.NODE_COMPILE_CACHE ?? 'none')");
	assert.equal(run("rempart").stdout.trim(), join(folder, "node_modules/.cache/rempart"));
	assert.equal(run("test").stdout.trim(), "none");
});

test("before a server starts from sources that are new, they are compiled once by another process, under the server's own flags", (t) => {
	const { folder, run } = checkout(t);
	const started = join(folder, "started");
	placeRuntime(folder, `require("node:fs").appendFileSync(${JSON.stringify(started)}, process.argv.slice(2, 4).join(" ") + "\\n");`);
	mkdirSync(join(folder, "src"));
	for (const file of ["src/main.ts", "tools/compile-ahead.ts"]) writeFileSync(join(folder, file), "");
	const startedBy = (...words: string[]): readonly string[] => {
		rmSync(started, { force: true });
		run("rempart", ...words);
		return readFileSync(started, "utf8")
			.trim()
			.replaceAll(`${folder}/`, "")
			.replaceAll(`${realpathSync(folder)}/`, "")
			.split("\n");
	};
	const [flag, server] = ["--no-allocation-site-pretenuring", "--no-allocation-site-pretenuring src/main.ts"];
	assert.deepEqual(startedBy("key", "list"), [server]);
	assert.deepEqual(startedBy("serve"), [`${flag} tools/compile-ahead.ts`, server]);
	assert.deepEqual(startedBy("serve", "--json"), [server]);
	writeFileSync(join(folder, "src/main.ts"), "// changed");
	assert.deepEqual(startedBy("up"), [`${flag} tools/compile-ahead.ts`, server]);
});

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
	test(`${signal} reaches what it runs, which decides when to end`, async (t) => {
		const { folder, start } = checkout(t);
		placeRuntime(folder, `process.on("${signal}", () => process.exit(7)); setInterval(() => {}, 1000); console.log("up");`);
		const child = start(folder, "rempart", "serve");
		await once(child.stdout, "data");
		child.kill(signal);
		assert.deepEqual(await once(child, "exit"), [7, null]);
	});
}
