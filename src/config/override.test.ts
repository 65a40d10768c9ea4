import assert from "node:assert/strict";
import { test } from "node:test";

import type { Config } from "./config.ts";
import { type ConfigOverrides, overrideConfig } from "./override.ts";
import { parseConfig } from "./parse.ts";

const CLEAR = "gateway: {listen: 127.0.0.1:11435, tls: {mode: off}}";

const refusals: readonly (readonly [text: string, overrides: ConfigOverrides, file: string, path: string, message: string])[] = [
	["", { listen: "11435" }, "--listen or REMPART_LISTEN", "gateway.listen", '"11435" is not an address and port'],
	["", { listen: "" }, "--listen or REMPART_LISTEN", "gateway.listen", '"" is not an address and port'],
	["", { admin: "localhost:1" }, "--admin or REMPART_ADMIN", "admin.listen", '"localhost:1" is not an address and port'],
	["", { upstream: "gpu:11434" }, "--upstream or REMPART_UPSTREAM", "upstreams[0].url", "the URL has no scheme"],
	[
		CLEAR,
		{ listen: "0.0.0.0:11435" },
		"--listen or REMPART_LISTEN",
		"gateway.tls.mode",
		"off would send credentials in clear, since 0.0.0.0:11435 can be reached from other machines",
	],
	["", { admin: "0.0.0.0:11436" }, "--admin or REMPART_ADMIN", "admin.listen", "0.0.0.0:11436 can be reached from other machines"],
	[
		"",
		{ upstream: "http://127.0.0.1:11435" },
		"--upstream or REMPART_UPSTREAM",
		"upstreams[0].url",
		"http://127.0.0.1:11435 is this server itself",
	],
];

for (const [text, overrides, file, path, message] of refusals) {
	test(`refuses ${JSON.stringify(overrides)} over ${text === "" ? "the defaults" : text}`, () => {
		const overridden = overrideConfig(configOf(text), overrides);
		assert.ok("problems" in overridden);
		assert.deepEqual(
			overridden.problems.map((problem) => [problem.file, problem.line, problem.column, problem.path, problem.message]),
			[[file, 0, 0, path, message]],
		);
		assert.notEqual(overridden.problems[0]?.hint, "");
	});
}

test("refuses every mistaken override at once", () => {
	const overridden = overrideConfig(configOf(""), { listen: "a", admin: "b", upstream: "c" });
	assert.ok("problems" in overridden);
	assert.equal(overridden.problems.length, 3);
});

test("overrides what is given and leaves the rest", () => {
	const config = configOf("admission: {burst: 7}\nupstreams: [{name: a, url: 'http://a'}, {name: b, url: 'http://b'}]");
	const overridden = overrideConfig(config, { listen: "127.0.0.1:0", upstream: "http://gpu:11434" });
	assert.ok("config" in overridden);
	assert.equal(overridden.config.gateway.listen.text, "127.0.0.1:0");
	assert.deepEqual(
		overridden.config.upstreams.map(({ name, url }) => [name, url.text]),
		[["local", "http://gpu:11434"]],
	);
	assert.deepEqual({ ...overridden.config, gateway: null, upstreams: null }, { ...config, gateway: null, upstreams: null });
	assert.ok(Object.isFrozen(overridden.config.gateway));
});

test("no override gives the same configuration", () => {
	const config = configOf("");
	assert.deepEqual(overrideConfig(config, { listen: undefined }), { config });
});

function configOf(text: string): Config {
	const parsed = parseConfig(text, "f");
	assert.ok("config" in parsed);
	return parsed.config;
}
