import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";

import fc from "fast-check";

import { isLoopback, listeningSockets, parseListening } from "./listening-sockets.ts";

const HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

test("only listening sockets count: an established one is no way in", () => {
	const text = `${HEAD}   0: 0100007F:2CAA 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1\n   1: 0100007F:2CAA 0100007F:9999 01 0:0 0:0 0 0 0 2 1\n`;
	assert.deepEqual(parseListening(text), [{ address: "127.0.0.1", port: 11_434 }]);
});

for (const [hex, address, loopback] of [
	["00000000:2CAA", "0.0.0.0", false],
	["0700000A:2CAA", "10.0.0.7", false],
	["0100007F:2CAA", "127.0.0.1", true],
	["00000000000000000000000000000000:2CAA", "::", false],
	["00000000000000000000000001000000:2CAA", "::1", true],
	["0000000000000000FFFF00000100007F:2CAA", "::ffff:127.0.0.1", true],
	["0000000000000000FFFF00000700000A:2CAA", "::ffff:10.0.0.7", false],
	["B80D0120000000000000000007000000:2CAA", "2001:db8::7", false],
] as const) {
	test(`${hex} is ${address}, which ${loopback ? "only this machine reaches" : "other machines reach"}`, () => {
		assert.deepEqual(parseListening(`0: ${hex} 0:0 0A`), [{ address, port: 11_434 }]);
		assert.equal(isLoopback(address), loopback);
	});
}

test("whatever the file holds, it is read without a fault", () => {
	fc.assert(fc.property(fc.string(), (text) => Array.isArray(parseListening(text))));
});

test("a listener of this process is found", async (t) => {
	const sockets = await listeningSockets();
	if (sockets === null) return t.diagnostic("this system has no /proc/net");
	const server = createServer().listen(0, "127.0.0.1");
	t.after(() => void server.close());
	await once(server, "listening");
	const { port } = server.address() as AddressInfo; // A TCP listener's address is never a string.
	assert.ok((await listeningSockets())?.some((socket) => socket.port === port && socket.address === "127.0.0.1"));
});
