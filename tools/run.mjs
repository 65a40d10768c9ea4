#!/usr/bin/env node
/**
 * The one entry point that an old Node can run: sets the project up, then runs a verb on the pinned runtime.
 *
 *  - Set-up installs what the lock file names; the runtime itself is a package of the lock file, so nothing is fetched from elsewhere.
 *  - A stamp under node_modules holds the lock file's digest, so a second run is quick and works offline.
 *  - `start`, `rempart` and `setup` need no development package and install none; `test`, `check` and the tools do.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NEEDED_MAJOR = 26;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [verb = "", ...rest] = process.argv.slice(2);

/** What each verb runs, on the pinned runtime. `development` asks for the packages that only building and testing need. */
const VERBS = {
	setup: { development: false, command: () => undefined },
	rempart: { development: false, command: () => [join(root, "src/main.ts"), ...rest] },
	test: { development: true, command: () => ["tools/test.ts", ...rest] },
	check: { development: true, command: () => ["tools/check.ts", ...rest] },
	node: { development: true, command: () => rest },
	exec: { development: true, command: () => [binOf(rest[0] ?? ""), ...rest.slice(1)] },
};

const chosen = VERBS[verb];
if (chosen === undefined) fail(`"${verb}" is not a verb of this script`, `one of: ${Object.keys(VERBS).join(", ")}`);

setUp(chosen.development);
const command = chosen.command();
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
