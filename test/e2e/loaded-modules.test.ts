/**
 * What a server loads that is configured to do little: each package that is loaded is memory for as long as the server lives.
 *
 * Seen from outside, by what the runtime is asked to load in every thread of a started server. A package that begins to be loaded here belongs behind an
 * `import()` where its section of the configuration is opened.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { temporaryDirectory } from "../support/temporary-directory.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
/** Only tokens, sign-in, certificates and passwords need these. */
const NOT_LOADED = ["jose", "openid-client", "oauth4webapi", "pkijs", "asn1js", "@peculiar/x509", "reflect-metadata", "bcryptjs"];
const NOT_READ = [
	"src/demo/",
	"src/sign-in/sign-in-desk.ts",
	"src/tokens/key-set.ts",
	"src/passwords/hashes/matches.ts",
	"src/cli/doctor/",
];
/** What the threads of the stores may load: no package, and of the sources what they work with. */
const OF_THE_STORES = /\/src\/(stores|usage|model|ports|std)\//;

test("a server without tokens, sign-in, TLS and passwords loads none of what they need, and the thread of its stores no package", async (context) => {
	const folder = temporaryDirectory(context);
	const [file, state, seen] = [join(folder, "rempart.yaml"), join(folder, "state"), join(folder, "loaded")];
	mkdirSync(state, { mode: 0o700 });
	writeFileSync(file, 'gateway: { listen: "127.0.0.1:0", tls: { mode: "off" } }\nadmin: { listen: "127.0.0.1:0" }\n');
	const args = ["--import", asModule(watchLoading(seen)), MAIN, "serve", "--config", file, "--state", state, "--json"];
	const server = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
	context.after(() => server.kill("SIGKILL"));
	for await (const line of createInterface(server.stdout)) if (line.includes('"ready"')) break;
	server.kill("SIGTERM");
	await once(server, "exit");

	const loaded = readFileSync(seen, "utf8").trim().split("\n");
	const [main, stores] = ["main ", "stores "].map((thread) =>
		loaded.filter((line) => line.startsWith(thread)).map((line) => line.slice(thread.length)),
	);
	assert.ok(main !== undefined && stores !== undefined);
	assert.ok(main.some((url) => url.endsWith("/src/gateway/pipeline.ts")) && stores.length > 10, "what is loaded was seen");
	for (const name of NOT_LOADED)
		assert.deepEqual(
			loaded.filter((url) => url.includes(`/node_modules/${name}/`)),
			[],
			name,
		);
	for (const part of NOT_READ)
		assert.deepEqual(
			loaded.filter((url) => url.includes(`/${part}`)),
			[],
			part,
		);
	assert.deepEqual(
		stores.filter((url) => url.startsWith("file:") && !OF_THE_STORES.test(url)),
		[],
	);
});

/** Source that writes down, in each thread that begins with it, what that thread loads. */
function watchLoading(file: string): string {
	return `import { appendFileSync } from "node:fs"; import { registerHooks } from "node:module"; import { isMainThread, threadName } from "node:worker_threads";
	const thread = isMainThread ? "main" : threadName;
	registerHooks({ load(url, context, next) { appendFileSync(${JSON.stringify(file)}, thread + " " + url + "\\n"); return next(url, context); } });`;
}

function asModule(source: string): string {
	return `data:text/javascript,${encodeURIComponent(source)}`;
}
