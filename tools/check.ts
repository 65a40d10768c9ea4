/** Everything that must hold before a change goes in, in the order of what fails fastest: `npm run check`. Stops at the first failure with its output. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const packages = join(root, "node_modules");
const linted = ["src", "test", "tools", "bench"].filter((folder) => existsSync(join(root, folder)));

interface Step {
	readonly name: string;
	/** Of the runtime that runs this. */
	readonly args: readonly string[];
}

const STEPS: readonly Step[] = [
	{ name: "format", args: [join(packages, "@biomejs/biome/bin/biome"), "check", "."] },
	{ name: "lint", args: [join(packages, "oxlint/bin/oxlint"), "--type-aware", "--deny-warnings", ...linted] },
	{ name: "types", args: [join(packages, "typescript/bin/tsc"), "-p", ".", "--noEmit"] },
	{ name: "layers", args: ["tools/layers.ts"] },
	{ name: "generated files", args: ["tools/generate.ts", "--check"] },
	{ name: "tests", args: ["tools/test.ts"] },
];

for (const { name, args } of STEPS) {
	const started = performance.now();
	const { status, stdout, stderr, error } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
	const seconds = ((performance.now() - started) / 1_000).toFixed(1);
	if (status !== 0) {
		process.stdout.write(stdout ?? "");
		process.stderr.write(`${stderr ?? ""}${error === undefined ? "" : `${String(error)}\n`}`);
		console.error(`✖ ${name} (${seconds} s)`);
		process.exitCode = 1;
		break;
	}
	console.log(`✔ ${name} (${seconds} s)`);
}
