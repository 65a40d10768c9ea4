/** What is installed for use, package by package: a new one shows as a difference, and none runs a script when it is installed. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

interface Locked {
	readonly version?: string;
	readonly dev?: boolean;
	readonly hasInstallScript?: boolean;
	readonly integrity?: string;
}

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const lock = JSON.parse(readFileSync(at("package-lock.json"), "utf8")) as { packages: Readonly<Record<string, Locked>> };
const manifest = JSON.parse(readFileSync(at("package.json"), "utf8")) as {
	dependencies: Readonly<Record<string, string>>;
	optionalDependencies: Readonly<Record<string, string>>;
};
const used = Object.entries(lock.packages).filter(([path, { dev }]) => path !== "" && dev !== true);

test("every production package is on the list that is reviewed", () => {
	const golden = at("test/golden/dependencies.txt");
	const lines = used.map(([path, { version }]) => `${path.replace(/^.*node_modules\//, "")} ${version}`).toSorted();
	const text = `${lines.join("\n")}\n`;
	if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(golden, text);
	assert.equal(text, readFileSync(golden, "utf8"));
});

test("no package runs a script when it is installed, and each is held by its hash", () => {
	for (const [path, { hasInstallScript, integrity }] of Object.entries(lock.packages)) {
		if (path === "") continue;
		assert.notEqual(hasInstallScript, true, path);
		assert.match(integrity ?? "", /^sha512-/, path);
	}
});

test("every direct dependency has its line in the decision about dependencies", () => {
	const decision = readFileSync(at("docs/adr/0003-dependencies.md"), "utf8");
	for (const name of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }))
		assert.ok(decision.includes(`\`${name}\``), name);
});

test("versions are exact", () => {
	for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.optionalDependencies })) {
		assert.match(version, /^\d+\.\d+\.\d+$/, name);
	}
});
