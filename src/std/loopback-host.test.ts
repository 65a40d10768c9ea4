import assert from "node:assert/strict";
import { test } from "node:test";

import { isLoopbackHost, leadsToLoopback } from "./loopback-host.ts";

for (const host of [
	"localhost.example.org",
	"127.0.0.1.example.org",
	"xlocalhost",
	"10.0.0.1",
	"0.0.0.0",
	"::2",
	"::",
	"[::1]",
	"127.1",
	"",
]) {
	test(`${JSON.stringify(host)} may be another machine`, () => assert.equal(isLoopbackHost(host), false));
}

for (const host of ["localhost", "a.localhost", "127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]) {
	test(`${host} is this machine`, () => assert.equal(isLoopbackHost(host), true));
}

test("of a URL the host counts, whatever stands before and behind it", () => {
	for (const [url, loopback] of [
		["http://[::1]:9/x", true],
		["http://127.1/", true],
		["http://localhost@10.0.0.1/", false],
		["http://10.0.0.1/#localhost", false],
	] as const) {
		assert.equal(leadsToLoopback(new URL(url)), loopback, url);
	}
});
