import assert from "node:assert/strict";
import { test } from "node:test";

import { insecureFlags } from "./runtime-guard.ts";

for (const [what, execArgv, environment] of [
	["a lenient parser", ["--insecure-http-parser"], {}],
	["a lenient parser, written with underscores", ["--insecure_http_parser"], {}],
	["a lenient parser in NODE_OPTIONS", [], { NODE_OPTIONS: "--max-old-space-size=100  --insecure-http-parser" }],
	["a quoted flag in NODE_OPTIONS", [], { NODE_OPTIONS: '"--insecure-http-parser"' }],
	["TLS 1.0", ["--tls-min-v1.0"], {}],
	["TLS 1.1 in NODE_OPTIONS", [], { NODE_OPTIONS: "--tls-min-v1.1" }],
	["a reverted fix", ["--security-revert=CVE-2023-46809"], {}],
	["certificates that nobody checks", [], { NODE_TLS_REJECT_UNAUTHORIZED: "0" }],
] as const) {
	test(`finds ${what}`, () => assert.equal(insecureFlags({ execArgv, environment }).length, 1));
}

test("finds all of them at once", () => {
	const environment = { NODE_OPTIONS: "--tls-min-v1.0", NODE_TLS_REJECT_UNAUTHORIZED: "0" };
	assert.equal(insecureFlags({ execArgv: ["--insecure-http-parser"], environment }).length, 3);
});

test("lets ordinary flags pass", () => {
	const environment = { NODE_OPTIONS: "--max-old-space-size=4096 --tls-min-v1.2", NODE_TLS_REJECT_UNAUTHORIZED: "1" };
	assert.deepEqual(insecureFlags({ execArgv: ["--no-warnings", "--no-insecure-http-parser"], environment }), []);
});
