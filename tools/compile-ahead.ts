/**
 * Loads every module of the server once and ends, so that the runtime keeps what it stripped and compiled (`NODE_COMPILE_CACHE`).
 *
 * A process that strips a single file of its types loads the part of the runtime that does, and holds 30 MB more for as long as it lives. A server runs
 * for months after its first start, so the launcher runs this before it, once for each state of the sources.
 */
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const source = join(dirname(dirname(fileURLToPath(import.meta.url))), "src");
const main = join(source, "main.ts");

const files = readdirSync(source, { recursive: true, encoding: "utf8" })
	.filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
	.map((name) => join(source, name))
	.filter((file) => file !== main);
// A thread's entry refuses to run outside of its thread, but is compiled by then.
for (const file of files) await import(pathToFileURL(file).href).catch(() => undefined);

// The last, because the process ends with it.
process.argv.splice(2, process.argv.length, "--version");
await import(pathToFileURL(main).href);
