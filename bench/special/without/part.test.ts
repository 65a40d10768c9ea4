import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

const HOOK = new URL("./part.ts", import.meta.url).href;
const parts: readonly (readonly [part: string, module: string, name: string])[] = [
	["events", "stores/sqlite/group-commit-log.ts", "GroupCommitLog"],
	["metrics", "admin/metrics.ts", "createMetrics"],
	["record", "gateway/stages/record.ts", "RequestRecord"],
	["limits", "quota/admission.ts", "Admission"],
	["patches", "policy/compile.ts", "compilePolicy"],
];

for (const [part, module, name] of parts) {
	test(`whoever imports ${module} without ${part} gets what stands in its place, and with everything the real one`, () => {
		assert.equal(isReplaced(part, part, module, name), "true");
		assert.equal(isReplaced("", part, module, name), "false");
	});
}

test("a part that there is not is refused, so that no figure is of something else than it says", () => {
	assert.throws(() => isReplaced("log", "events", "model/event.ts", "x"), /there is no part "log"/);
});

function isReplaced(left: string, part: string, module: string, name: string): string {
	const [real, standIn] = [new URL(`../../../src/${module}`, import.meta.url).href, new URL(`./${part}.ts`, import.meta.url).href];
	const program = `const [a, b] = [await import("${real}"), await import("${standIn}")]; console.log(a["${name}"] === b["${name}"]);`;
	const args = ["--import", `${HOOK}?${left}`, "--input-type=module", "--eval", program];
	return execFileSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
}
