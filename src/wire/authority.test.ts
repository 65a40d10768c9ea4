import assert from "node:assert/strict";
import { isIPv6 } from "node:net";
import { test } from "node:test";

import fc from "fast-check";

import { isAuthority } from "./authority.ts";

const refused: readonly (readonly [text: string, why: string])[] = [
	["", "empty"],
	[":11435", "a port alone"],
	["gpu.example:", "an empty port"],
	["gpu.example:0", "port 0"],
	["gpu.example:65536", "a port above 65535"],
	["gpu.example:080", "a port with a leading zero"],
	["gpu.example:+80", "a signed port"],
	["gpu.example:80:80", "two ports"],
	["user@gpu.example", "user info"],
	["user:secret@gpu.example", "user info with a password"],
	["a.example@b.example", "user info that looks like a host"],
	["a.example, b.example", "a list"],
	["a.example b.example", "two words"],
	["gpu.example/path", "a path"],
	["gpu.example?q", "a query"],
	["gpu.example#f", "a fragment"],
	["gpu%2eexample", "an escape"],
	["gpu..example", "an empty label"],
	[".example", "an empty first label"],
	["gpu!example", "a sub-delimiter"],
	["GPU.example", "capitals, which the caller lowers first"],
	[`${"a.".repeat(130)}b`, "longer than any name"],
	["::1", "an IPv6 address without brackets"],
	["[::1", "an open bracket"],
	["[]", "empty brackets"],
	["[gpu.example]", "a name in brackets"],
	["[127.0.0.1]", "an IPv4 address in brackets"],
	["[fe80::1%25eth0]", "a zone id"],
	["[v1.fe80::a]", "an IPvFuture"],
	["[:::]", "three colons"],
	["[1::2::3]", "two runs left out"],
	["[1:2:3:4:5:6:7]", "seven groups"],
	["[1:2:3:4:5:6:7:8:9]", "nine groups"],
	["[1:2:3:4:5:6:7::8:9]", "nine groups around a run"],
	["[12345::]", "a group of five digits"],
	["[::256.1.1.1]", "an IPv4 part above 255"],
	["[::1.2.3]", "three parts of IPv4"],
	["[1.2.3.4::]", "IPv4 in front"],
	["[::1]11435", "a port without a colon"],
	["[::1]:0", "port 0 behind brackets"],
];

for (const [text, why] of refused) {
	test(`is no authority: ${text === "" ? "nothing" : text.slice(0, 30)} (${why})`, () => assert.equal(isAuthority(text), false));
}

for (const text of [
	"localhost",
	"localhost:1",
	"gpu.example:65535",
	"gpu.example.",
	"my_service:11435",
	"127.0.0.1:11435",
	`${"a.".repeat(127)}ab:123`,
	"[::1]",
	"[::]:11435",
	"[2001:db8::1]:443",
	"[1:2:3:4:5:6:7:8]",
	"[1:2:3:4:5:6:7::]",
	"[::ffff:127.0.0.1]",
	"[1:2:3:4:5:6:1.2.3.4]",
]) {
	test(`is an authority: ${text}`, () => assert.equal(isAuthority(text), true));
}

test("takes the same IPv6 addresses as the platform does, zone ids apart", () => {
	const group = fc.stringMatching(/^[0-9a-f]{0,5}$/);
	const address = fc.oneof(
		fc.ipV6(),
		fc.array(fc.oneof(group, fc.constant(""), fc.ipV4()), { maxLength: 10 }).map((groups) => groups.join(":")),
		fc.stringMatching(/^[0-9a-f:.]{2,20}$/),
	);
	fc.assert(
		fc.property(address, (text) => {
			const lower = text.toLowerCase();
			assert.equal(isAuthority(`[${lower}]`), isIPv6(lower) && lower.length <= 45);
		}),
		{ numRuns: 2000 },
	);
});
