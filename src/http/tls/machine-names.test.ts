import assert from "node:assert/strict";
import { test } from "node:test";

import { HintedError } from "../../std/hinted-error.ts";
import { certificateNames, machineNames } from "./machine-names.ts";

for (const name of [
	"",
	"a b",
	"host:443",
	"https://host",
	"-a.example",
	"a..b",
	"*.*.example",
	`${"x".repeat(64)}.example`,
	"ollama.example.",
	"10.0.0.0/8",
]) {
	test(`refuses a configured name that no certificate can cover: "${name.slice(0, 20)}"`, () => {
		assert.throws(() => certificateNames([], [name]), HintedError);
	});
}

test("leaves out what the machine calls itself when it is no DNS name", () => {
	assert.deepEqual(certificateNames(["under_score", "under_score.local"], []), ["127.0.0.1", "::1", "localhost"]);
});

test("covers loopback, the machine's names and the configured ones, sorted and each once", () => {
	assert.deepEqual(
		certificateNames(["box", "box.local", "10.1.2.3", "127.0.0.1", "fd00::7"], ["Ollama.Example.org", "*.example.org", "box"]),
		["*.example.org", "10.1.2.3", "127.0.0.1", "::1", "box", "box.local", "fd00::7", "localhost", "ollama.example.org"],
	);
});

test("the machine's own names hold no link-local address and the mDNS name", () => {
	const names = machineNames();
	assert.ok(names.some((name) => name.endsWith(".local")));
	assert.ok(names.includes("127.0.0.1"));
	assert.ok(names.every((name) => !name.startsWith("fe80")));
});
