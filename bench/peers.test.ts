import assert from "node:assert/strict";
import { test } from "node:test";

import { PEER_NAMES, peerOf, REMEDIES, versionIn } from "./peers.ts";
import { TARGET_NAMES } from "./target.ts";

const said: readonly (readonly [version: string, text: string])[] = [
	["1.22.1", "nginx version: nginx/1.22.1\n"],
	["2.6.12-1+deb12u4", "HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/\n"],
	["2.6.2", "2.6.2\n"],
	["2.10.0", "v2.10.0 h1:fonubSaQKF1YANl8TXqGcn4IbIRUDdfAkpcsfI/vX5U=\n"],
	["4.1.0-3+b2", "wrk debian/4.1.0-3+b2 [epoll] Copyright (C) 2012 Will Glozer\n"],
	["1.15.2", '"version": "1.15.2",'],
	["unknown", "no such thing"],
];

for (const [version, text] of said) {
	test(`reads version ${version} out of what a program says`, () => {
		assert.equal(versionIn(text), version);
	});
}

test("every target but Rempart is somebody's, and everybody missing has a remedy", () => {
	for (const target of TARGET_NAMES) assert.equal(peerOf(target) === null, target.startsWith("rempart"), target);
	assert.equal(peerOf("nginx-bcrypt"), "nginx");
	for (const name of PEER_NAMES) assert.match(REMEDIES[name], /install/);
});
