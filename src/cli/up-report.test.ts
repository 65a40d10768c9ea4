import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

import { type UpFacts, upReport } from "./up-report.ts";

const KEY = "rmp_live_abcd1234_SECRET";
const FACTS: UpFacts = {
	version: "0.1.0",
	ready: {
		gateway: "https://127.0.0.1:11435",
		admin: "http://127.0.0.1:11436",
		ca: "/state/tls/ca.pem",
		caSha256: "89ab",
		key: KEY,
		upstream: "http://127.0.0.1:11434",
		demonstration: false,
	},
	configFile: null,
	stateDirectory: "/state",
	elsewhere: "https://192.0.2.7:11435",
	proofs: [{ level: "ok", text: "a request without a key was refused (401)", next: null }],
	program: "rempart",
};

test("an open way around ollama is said with what to do", () => {
	const text = report({ proofs: [{ level: "warn", text: "ollama listens on 0.0.0.0", next: "set OLLAMA_HOST=127.0.0.1" }] });
	assert.match(text, /warn {2}ollama listens on 0\.0\.0\.0\n +set OLLAMA_HOST=127\.0\.0\.1/);
});

test("a demonstration is called one, before anything else", () => {
	const text = report({ ready: { ...FACTS.ready, demonstration: true } });
	assert.ok(text.indexOf("demonstration") < text.indexOf("gateway"));
	assert.match(text, /--upstream/);
});

test("without a fresh key the lines to paste name a variable, and say how to make one", () => {
	const text = report({ ready: { ...FACTS.ready, key: null } });
	assert.ok(!text.includes("rmp_live_"));
	assert.match(text, /\$REMPART_KEY/);
	assert.match(text, /rempart key create/);
});

test("every line to paste begins with what the program is called here", () => {
	const program = "npm run --silent rempart --";
	for (const key of [KEY, null]) {
		const pasted = report({ program, ready: { ...FACTS.ready, key } }).match(/.*\b(key create|principal add|events -f).*/g) ?? [];
		assert.equal(pasted.length, 3);
		for (const line of pasted) assert.match(line, /npm run --silent rempart -- (key create|principal add|events -f)/);
	}
});

test("without a ca of ours nothing is said about trusting one", () => {
	const text = report({ ready: { ...FACTS.ready, ca: null, caSha256: null } });
	assert.doesNotMatch(text, /cacert|SSL_CERT_FILE|sha-256/);
});

test("says where things are, that the door is closed, what to paste and what to trust", () => {
	const text = report({});
	for (const expected of [
		"https://127.0.0.1:11435, from other machines https://192.0.2.7:11435",
		"http://127.0.0.1:11434",
		KEY,
		"ok    a request without a key was refused (401)",
		`curl --cacert /state/tls/ca.pem -H "Authorization: Bearer ${KEY}" https://127.0.0.1:11435/api/tags`,
		"OLLAMA_HOST=https://127.0.0.1:11435",
		"OPENAI_BASE_URL=https://127.0.0.1:11435/v1",
		"ANTHROPIC_BASE_URL=https://127.0.0.1:11435 ",
		"89ab",
		"NODE_EXTRA_CA_CERTS=/state/tls/ca.pem",
		"update-ca-certificates",
	]) {
		assert.ok(text.includes(expected), expected);
	}
});

test("a path with spaces and quotes pastes as one word", () => {
	const ca = "/home/o'neill/my state/ca.pem";
	const line =
		report({ ready: { ...FACTS.ready, ca } })
			.split("\n")
			.find((one) => one.trimStart().startsWith("curl --cacert")) ?? "";
	const word = line.trim().slice("curl --cacert ".length).split(" -H ")[0] ?? "";
	assert.equal(execFileSync("sh", ["-c", `printf %s ${word}`]).toString(), ca);
});

function report(changes: Partial<UpFacts>): string {
	return upReport({ ...FACTS, ...changes }, (_style, text) => text).join("\n");
}
