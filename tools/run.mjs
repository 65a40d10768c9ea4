#!/usr/bin/env node
/**
 * The one entry point that an old Node can run: sets the project up, then runs a verb on the pinned runtime.
 *
 *  - Set-up installs what the lock file names; the runtime itself is a package of the lock file, so nothing is fetched from elsewhere.
 *  - A stamp under node_modules holds the lock file's digest, so a second run is quick and works offline.
 *  - Before a server is started from sources that are new, they are compiled once by a process of its own: `compileAhead` says why.
 *  - `start`, `rempart` and `setup` need no development package and install none; `test`, `check` and the tools do.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NEEDED_MAJOR = 26;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** `npm link` puts this file on the path as `rempart`; the words are then the program's own. */
const asProgram = basename(process.argv[1] ?? "") === "rempart";
const [verb = "", ...rest] = [...(asProgram ? ["rempart"] : []), ...process.argv.slice(2)];

/** What `src/main.ts` sets too, and says why. Given from the start, because what was compiled under other flags is not taken from the cache. */
const FLAGS = ["--no-allocation-site-pretenuring"];

/** What each verb runs, on the pinned runtime. `development` asks for the packages that only building and testing need. */
const VERBS = {
	setup: { development: false, command: () => undefined },
	rempart: { development: false, command: () => [...FLAGS, join(root, "src/main.ts"), ...rest] },
	test: { development: true, command: () => ["tools/test.ts", ...rest] },
	check: { development: true, command: () => ["tools/check.ts", ...rest] },
	node: { development: true, command: () => rest },
	exec: { development: true, command: () => [binOf(rest[0] ?? ""), ...rest.slice(1)] },
};

const chosen = VERBS[verb];
if (chosen === undefined) fail(`"${verb}" is not a verb of this script`, `one of: ${Object.keys(VERBS).join(", ")}`);

setUp(chosen.development);
const command = chosen.command();
if (verb === "rempart" && rest.some((word) => word === "serve" || word === "up")) compileAhead(runtime());
if (command !== undefined) run(runtime(), command);

/** Installs what the lock file names, unless the stamp says that it is there already. */
function setUp(development) {
	const stampFile = join(root, "node_modules", ".rempart-setup");
	const digest = createHash("sha256")
		.update(readFileSync(join(root, "package-lock.json")))
		.digest("hex");
	const stamp = existsSync(stampFile) ? readFileSync(stampFile, "utf8") : "";
	if (stamp === `${digest} all` || (!development && stamp === `${digest} runtime`)) return;
	// Whoever has the development packages keeps them: a change of the lock file is no reason to take them away.
	const everything = development || stamp.endsWith(" all");
	if (process.stderr.isTTY) process.stderr.write("Setting up: installing the packages of package-lock.json …\n");
	const npm = process.env.npm_execpath?.endsWith(".js") ? [process.execPath, process.env.npm_execpath] : ["npm"];
	// Not `npm ci`: it refuses a lock file made where the registry lacked a foreign platform's optional package. `--no-save` pins just as well.
	const args = [
		"install",
		"--no-save",
		"--ignore-scripts",
		"--no-audit",
		"--no-fund",
		"--loglevel=error",
		...(everything ? [] : ["--omit=dev"]),
	];
	const installed = spawnSync(npm[0], [...npm.slice(1), ...args], { cwd: root, stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" });
	if (installed.status !== 0) {
		process.stderr.write(installed.stderr ?? "");
		fail("the packages could not be installed", "check that the npm registry can be reached, then run the same command again");
	}
	writeFileSync(stampFile, `${digest} ${everything ? "all" : "runtime"}`);
}

/** The runtime of the lock file where this machine has one, else this very Node when it is new enough. */
function runtime() {
	const pinned = join(root, "node_modules", `node-${process.platform}-${process.arch}`, "bin", "node");
	if (existsSync(pinned)) return pinned;
	if (Number(process.versions.node.split(".")[0]) >= NEEDED_MAJOR) return process.execPath;
	return fail(
		`Node ${NEEDED_MAJOR} is needed and ${process.platform}-${process.arch} has no pinned runtime; this is Node ${process.versions.node}`,
		`install Node ${NEEDED_MAJOR} or newer and run the same command again`,
	);
}

function binOf(name) {
	const require = createRequire(join(root, "package.json"));
	const manifest = [name, `@${name}/${name}`, `@stryker-mutator/core`, "typescript"]
		.map((candidate) => join(root, "node_modules", candidate, "package.json"))
		.find((file) => existsSync(file) && binIn(require(file), name) !== undefined);
	if (manifest === undefined) return fail(`no installed package has a program called "${name}"`, "look at devDependencies in package.json");
	return join(dirname(manifest), binIn(require(manifest), name));
}

function binIn(manifest, name) {
	return typeof manifest.bin === "string" ? (manifest.name === name ? manifest.bin : undefined) : manifest.bin?.[name];
}

/**
 * What the runtime compiled and stripped of types is kept between starts, by content. A start takes half the time then, and a server that strips nothing
 * rests with 30 MB less. Where the directory cannot be written nothing is kept. Not for tests: it blurs what coverage sees.
 */
function environment() {
	if (verb !== "rempart" && verb !== "node") return process.env;
	return { NODE_COMPILE_CACHE: join(root, "node_modules", ".cache", "rempart"), ...process.env };
}

/**
 * A server whose sources were compiled before rests with 30 MB less than one that strips them of types itself, for as long as it lives; and most live
 * long after their first start. Takes seconds, once for each state of the sources. Where nothing can be kept, nothing is lost but that.
 */
function compileAhead(node) {
	const script = join(root, "tools", "compile-ahead.ts");
	const { NODE_COMPILE_CACHE: cache } = environment();
	if (!existsSync(script) || !cache) return;
	const stampFile = join(root, "node_modules", ".rempart-compiled");
	const digest = createHash("sha256").update(`${node}\n${cache}\n`);
	for (const name of readdirSync(join(root, "src"), { recursive: true }).sort()) {
		if (!name.endsWith(".ts") || name.endsWith(".test.ts")) continue;
		const { size, mtimeMs } = statSync(join(root, "src", name));
		digest.update(`${name} ${size} ${mtimeMs}\n`);
	}
	const sources = digest.digest("hex");
	if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === sources) return;
	try {
		// First, so that a folder that cannot be written costs no time at each start.
		writeFileSync(stampFile, sources);
	} catch {
		return;
	}
	if (process.stderr.isTTY) process.stderr.write("Compiling once …\n");
	spawnSync(node, [...FLAGS, script], { cwd: root, stdio: "ignore", env: environment(), timeout: 60_000 });
}

/** Runs in the foreground; signals reach the child because it decides how to drain. */
function run(node, args) {
	const child = spawn(node, args, { cwd: verb === "rempart" ? process.cwd() : root, stdio: "inherit", env: environment() });
	for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
	child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 143)));
}

function fail(what, next) {
	process.stderr.write(`error: ${what}\nhint: ${next}\n`);
	process.exit(2);
}
