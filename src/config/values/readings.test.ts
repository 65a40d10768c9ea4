/** Every kind of value that is written as text: what is refused and with which advice, what is accepted and as what. */
import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";
import type * as z from "zod";

import { DEFAULT_POLICY_SPEC } from "../../../test/support/policies.ts";
import { compilePolicy } from "../../policy/compile.ts";
import { isModelPattern } from "../../policy/model-pattern.ts";
import { byteSize } from "./byte-size.ts";
import { duration } from "./duration.ts";
import { filePath } from "./file-path.ts";
import { hostName } from "./host-name.ts";
import { identifier } from "./identifier.ts";
import { listen } from "./listen.ts";
import { parted } from "./mistake.ts";
import { modelPattern } from "./model-pattern.ts";
import { originPattern } from "./origin-pattern.ts";
import { count, flag, oneOf, orUnlimited } from "./plain.ts";
import { timeZone } from "./time-zone.ts";
import { upstreamUrl } from "./upstream-url.ts";

const LISTEN = 'write an IP address and a port: 0.0.0.0:11435, 127.0.0.1:11435 or, in quotes, "[::]:11435"';
const UPSTREAM = "write scheme, host and port: http://127.0.0.1:11434";
const DURATION = "write a whole number and a unit, one of ms, s, m, h, d: 30s";
const MODEL = "write a model's name with its tag, * standing for any run of characters: llama3.2:*";
const SITES = "name the sites: https://chat.example.org or https://*.example.org";
const TOO_WIDE = "a star stands for the left-most label of a name with two more at least: https://*.example.org";
const ORIGIN = "write scheme, host and, where it is not the usual one, port: https://chat.example.org";

const refusals: readonly (readonly [kind: string, schema: z.ZodType, written: unknown, message: string, hint: string])[] = [
	["a duration", duration(), 30, "the bare number 30 is not a duration", DURATION],
	["a duration", duration(), "30", '"30" has no unit', "add a unit, one of ms, s, m, h, d: 30s"],
	["a duration", duration(), null, "an empty value is not a duration", DURATION],
	["a duration", duration(), undefined, "is missing", DURATION],
	["a duration", duration(), "10 min", '"10 min" is not a duration', "write 10m"],
	["a duration", duration(), "10Sec", '"10Sec" is not a duration', "write 10s"],
	["a duration", duration(), "30S", '"30S" is not a duration', "write 30s"],
	["a duration", duration(), "1h30m", '"1h30m" is not a duration', DURATION],
	["a duration", duration(), "1.5s", '"1.5s" is not a duration', DURATION],
	["a duration", duration(), "-1s", '"-1s" is not a duration', DURATION],
	["a duration", duration(), "1constructor", '"1constructor" is not a duration', DURATION],
	["a duration", duration(), " 1s", '" 1s" is not a duration', DURATION],
	["a duration", duration(), "0s", "0s is too little", "write at least 1ms"],
	["a duration", duration(), "25d", "25d is too much", "write at most 24d"],
	[
		"a time zone",
		timeZone(),
		"Mars/Olympus",
		'"Mars/Olympus" is not a time zone',
		"write the name of a zone: Europe/Zurich, America/New_York, UTC",
	],
	["a time zone", timeZone(), "", '"" is not a time zone', "write the name of a zone: Europe/Zurich, America/New_York, UTC"],
	["a duration", duration({ max: "5m" }), "301s", "301s is too much", "write at most 5m"],
	[
		"bytes",
		byteSize(),
		8,
		"the bare number 8 is not an amount of bytes",
		"write a whole number and a unit, one of B, KiB, MiB, GiB, TiB: 8MiB",
	],
	["bytes", byteSize(), "8MB", '"8MB" is not an amount of bytes', "write 8MiB"],
	["bytes", byteSize(), "8 m", '"8 m" is not an amount of bytes', "write 8MiB"],
	["bytes", byteSize(), "0B", "0B is too little", "write at least 1B"],
	["bytes", byteSize({ max: "1MiB" }), "1048577B", "1048577B is too much", "write at most 1MiB"],
	["bytes", byteSize(), "9999999999999999B", "9999999999999999B is too much", "write at most 1024TiB"],
	["a listen address", listen(), 11435, "the bare number 11435 is not an address and port", LISTEN],
	["a listen address", listen(), "11435", '"11435" is not an address and port', "name the address too: 0.0.0.0:11435 for every one"],
	["a listen address", listen(), ":11435", '":11435" is not an address and port', "name the address too: 0.0.0.0:11435 for every one"],
	["a listen address", listen(), "*:80", '"*:80" is not an address and port', "name the address too: 0.0.0.0:80 for every one"],
	[
		"a listen address",
		listen(),
		"localhost:11435",
		'"localhost:11435" is not an address and port',
		"names are not looked up; write 127.0.0.1:11435",
	],
	["a listen address", listen(), "127.0.0.1", '"127.0.0.1" is not an address and port', "add the port: 127.0.0.1:11435"],
	[
		"a listen address",
		listen(),
		"::1",
		'"::1" is not an address and port',
		'put the address in brackets, add the port and quote it: "[::1]:11435"',
	],
	["a listen address", listen(), "127.0.0.1:65536", "65536 is not a port", "write a port from 1 to 65535, or 0 to let the system choose"],
	["a listen address", listen(), "[127.0.0.1]:1", '"[127.0.0.1]:1" is not an address and port', LISTEN],
	["a listen address", listen(), "127.0.0.01:1", '"127.0.0.01:1" is not an address and port', LISTEN],
	["a listen address", listen(), "[fe80::1%eth0]:1", '"[fe80::1%eth0]:1" is not an address and port', LISTEN],
	["an upstream", upstreamUrl(), 1, "the bare number 1 is not the URL of a server", UPSTREAM],
	["an upstream", upstreamUrl(), "127.0.0.1:11434", "the URL has no scheme", UPSTREAM],
	["an upstream", upstreamUrl(), "unix:///run/x", "the scheme is neither http nor https", UPSTREAM],
	["an upstream", upstreamUrl(), "http://gpu:11434/api", "the URL holds a path", "leave it out: http://gpu:11434"],
	["an upstream", upstreamUrl(), "http://me:hunter2@gpu:11434", "the URL holds credentials", "leave it out: http://gpu:11434"],
	["an upstream", upstreamUrl(), "http://gpu:11434?a=b", "the URL holds a query or a fragment", "leave it out: http://gpu:11434"],
	["an upstream", upstreamUrl(), "http://gpu:0", "port 0 cannot be connected to", UPSTREAM],
	["an upstream", upstreamUrl(), "http://0.0.0.0:11434", "the URL names the address of a listener, not of a server", UPSTREAM],
	["an upstream", upstreamUrl(), "http://gpu\t:1", "the URL is not valid", UPSTREAM],
	["an upstream", upstreamUrl(), "http:\\\\gpu", "the URL has no scheme", UPSTREAM],
	[
		"a host name",
		hostName(),
		"*.example.org",
		'"*.example.org" is not a host name or IP address',
		"write each name out; there are no wildcards here",
	],
	[
		"a host name",
		hostName(),
		"https://a.example/",
		'"https://a.example/" is not a host name or IP address',
		"leave scheme, port and path out: a.example",
	],
	[
		"a host name",
		hostName(),
		"a.example:443",
		'"a.example:443" is not a host name or IP address',
		"leave scheme, port and path out: a.example",
	],
	["a host name", hostName(), "a.example.", '"a.example." is not a host name or IP address', "leave the last dot out: a.example"],
	[
		"a host name",
		hostName(),
		"münchen.de",
		'"münchen.de" is not a host name or IP address',
		"write it in its ASCII form: xn--mnchen-3ya.de",
	],
	[
		"a host name",
		hostName(),
		"1.2.3",
		'"1.2.3" is not a host name or IP address',
		"write it without scheme and port: gpu.example.org or 192.0.2.7",
	],
	[
		"a host name",
		hostName(),
		"-a.example",
		'"-a.example" is not a host name or IP address',
		"write it without scheme and port: gpu.example.org or 192.0.2.7",
	],
	[
		"a registry",
		hostName({ address: false }),
		"192.0.2.1",
		'"192.0.2.1" is not a host name',
		"write it without scheme and port: registry.example.org",
	],
	["an origin", originPattern(), "*", '"*" lets every page on the internet call this server', SITES],
	["an origin", originPattern(), "https://*", '"https://*" lets every site in', SITES],
	["an origin", originPattern(), "http://*:3000", '"http://*:3000" lets every site in', SITES],
	["an origin", originPattern(), "https://*.org", '"https://*.org" is too wide', TOO_WIDE],
	["an origin", originPattern(), "https://*.com.", '"https://*.com." is too wide', TOO_WIDE],
	["an origin", originPattern(), "https://a.*.example.org", '"https://a.*.example.org" is not an origin', ORIGIN],
	["an origin", originPattern(), "https://*a.example.org", '"https://*a.example.org" is not an origin', ORIGIN],
	[
		"an origin",
		originPattern(),
		"null",
		'"null" is not an origin',
		"the origin null belongs to every sandboxed page; serve the page from an address and name that",
	],
	["an origin", originPattern(), "https://a.example/", '"https://a.example/" is not an origin', "leave the path out: https://a.example"],
	[
		"an origin",
		originPattern(),
		"http://localhost:*",
		'"http://localhost:*" is not an origin',
		"write the port out; a star cannot stand for it",
	],
	["an origin", originPattern(), "a.example", '"a.example" is not an origin', "add the scheme: https://a.example"],
	["an origin", originPattern(), "https://me@a.example", '"https://me@a.example" is not an origin', ORIGIN],
	["an origin", originPattern(), "https://a.example:0", '"https://a.example:0" is not an origin', ORIGIN],
	["a model pattern", modelPattern(), "", '"" is not a model pattern', MODEL],
	["a model pattern", modelPattern(), "https://hf.co/x", '"https://hf.co/x" has a scheme, which canonical model names have not', MODEL],
	["a model pattern", modelPattern(), "llama[23]", '"llama[23]" is not a model pattern', MODEL],
	["a model pattern", modelPattern(), "-x", '"-x" is not a model pattern', MODEL],
	["a model pattern", modelPattern(), "hf.co//x", '"hf.co//x" is not a model pattern', MODEL],
	["a model pattern", modelPattern(), "a..b", '"a..b" is not a model pattern', MODEL],
	["a name", identifier(), "GPU 1", '"GPU 1" is not a name', "write gpu-1"],
	[
		"a path",
		filePath(),
		"cert.pem",
		'"cert.pem" is not an absolute path',
		"write the whole path, from the root: /etc/rempart/tls/cert.pem",
	],
	["a number", count({ min: 1, max: 9 }), "3", '"3" is not a whole number', "write it without quotes: 3"],
	["a number", count({ min: 1, max: 9 }), 1.5, "1.5 is not a whole number", "write a whole number from 1 to 9"],
	["a number", count({ min: 1, max: 9 }), Number.POSITIVE_INFINITY, "Infinity is not a whole number", "write a whole number from 1 to 9"],
	["a number", count({ min: 1, max: 9 }), 10, "10 is out of range", "write a whole number from 1 to 9"],
	["a truth value", flag(), "yes", '"yes" is not true or false', "write true, without quotes"],
	["a truth value", flag(), 0, "the bare number 0 is not true or false", "write false, without quotes"],
	["a word", oneOf(["clamp", "refuse"]), "refuze", '"refuze" is not one of clamp, refuse', "did you mean refuse?"],
	["a word", oneOf(["clamp", "refuse"]), true, "the truth value true is not one of clamp, refuse", "write one of clamp, refuse"],
];

for (const [kind, schema, written, message, hint] of refusals) {
	test(`${kind} is not ${JSON.stringify(written)}`, () => {
		const issues = schema.safeParse(written).error?.issues.map((issue) => parted(issue.message));
		assert.deepEqual(issues, [{ message, hint }]);
	});
}

const permits: readonly (readonly [schema: z.ZodType, written: unknown, read: unknown])[] = [
	[duration(), "120ms", 120],
	[duration(), "30s", 30_000],
	[duration(), "5m", 300_000],
	[duration(), "1h", 3_600_000],
	[duration(), "24d", 2_073_600_000],
	[timeZone(), "Asia/Kathmandu", "Asia/Kathmandu"],
	[duration({ min: "0s" }), "0s", 0],
	[byteSize(), "500B", 500],
	[byteSize(), "16KiB", 16_384],
	[byteSize(), "8MiB", 8_388_608],
	[byteSize(), "200GiB", 214_748_364_800],
	[listen(), "0.0.0.0:0", { host: "0.0.0.0", port: 0, loopback: false, unspecified: true, text: "0.0.0.0:0" }],
	[listen(), "127.8.9.1:65535", { host: "127.8.9.1", port: 65_535, loopback: true, unspecified: false, text: "127.8.9.1:65535" }],
	[listen(), "[0:0::1]:1", { host: "::1", port: 1, loopback: true, unspecified: false, text: "[::1]:1" }],
	[listen(), "[::ffff:127.0.0.1]:1", { host: "::ffff:7f00:1", port: 1, loopback: true, unspecified: false, text: "[::ffff:7f00:1]:1" }],
	[listen(), "[::ffff:128.0.0.1]:1", { host: "::ffff:8000:1", port: 1, loopback: false, unspecified: false, text: "[::ffff:8000:1]:1" }],
	[listen(), "[::]:1", { host: "::", port: 1, loopback: false, unspecified: true, text: "[::]:1" }],
	[upstreamUrl(), "http://127.0.0.1:11434", { text: "http://127.0.0.1:11434", secure: false, host: "127.0.0.1", port: 11_434 }],
	[upstreamUrl(), "HTTPS://GPU.example.org/", { text: "https://gpu.example.org", secure: true, host: "gpu.example.org", port: 443 }],
	[upstreamUrl(), "http://[::1]:80", { text: "http://[::1]", secure: false, host: "::1", port: 80 }],
	[hostName(), "GPU.Example.org", "gpu.example.org"],
	[hostName(), "[2001:DB8::0:1]", "2001:db8::1"],
	[hostName(), "gpu", "gpu"],
	[modelPattern(), "HF.co/Acme/*:Q4_K_M", "hf.co/acme/*:q4_k_m"],
	[filePath(), "C:\\tls\\key.pem", "C:\\tls\\key.pem"],
	[orUnlimited(count({ min: 1, max: 9 })), "unlimited", null],
	[orUnlimited(count({ min: 1, max: 9 })), 9, 9],
];

for (const [schema, written, read] of permits) {
	test(`${JSON.stringify(written)} is read`, () => assert.deepEqual(schema.parse(written), read));
}

const origins: readonly (readonly [pattern: string, canonical: string, matching: readonly string[], others: readonly string[]])[] = [
	[
		"https://Chat.example.org:443",
		"https://chat.example.org",
		["https://chat.example.org"],
		["http://chat.example.org", "https://chat.example.org:444", "https://chat.example.org.evil.example", "null", ""],
	],
	[
		"http://localhost:3000",
		"http://localhost:3000",
		["http://localhost:3000"],
		["http://localhost", "http://localhost:30000", "https://localhost:3000"],
	],
	[
		"https://*.example.org",
		"https://*.example.org",
		["https://a.example.org", "https://a-b.example.org"],
		[
			"https://example.org",
			"https://a.b.example.org",
			"https://.example.org",
			"https://a.exampleXorg",
			"https://evil.test/?.example.org",
			"http://a.example.org",
		],
	],
	["https://*.example.org:8443", "https://*.example.org:8443", ["https://a.example.org:8443"], ["https://a.example.org"]],
	["app://*", "app://*", ["app://obsidian.md", "app://x"], ["app://", "apps://x", "https://app"]],
	["vscode-webview://ABC_d", "vscode-webview://abc_d", ["vscode-webview://abc_d"], ["vscode-webview://abc_de"]],
	["http://[::1]:3000", "http://[::1]:3000", ["http://[::1]:3000"], ["http://[::1]"]],
];

for (const [written, canonical, matching, others] of origins) {
	test(`the origin pattern ${written} lets in what it says and nothing else`, () => {
		const pattern = originPattern().parse(written);
		assert.equal(pattern.text, canonical);
		assert.deepEqual(
			matching.filter((origin) => !pattern.matches(origin)),
			[],
		);
		assert.deepEqual(
			others.filter((origin) => pattern.matches(origin)),
			[],
		);
	});
}

test("no text makes any reader throw, and what one accepts it accepts again in its canonical form", () => {
	const readers = [listen(), upstreamUrl(), originPattern(), hostName(), modelPattern(), identifier()];
	const hostile = fc.oneof(
		fc.string({ unit: "binary" }),
		fc.stringMatching(/^[a-z]{0,5}:?\/?\/?[[\]a-z0-9.:*@%-]{0,20}$/),
		fc.webUrl(),
		fc.ipV6(),
		fc.domain(),
	);
	fc.assert(
		fc.property(hostile, fc.constantFrom(...readers), (text, reader) => {
			const read: unknown = reader.safeParse(text).data;
			if (read === undefined) return;
			const canonical = typeof read === "string" ? read : Object.getOwnPropertyDescriptor(read, "text")?.value;
			const again: unknown = reader.parse(canonical);
			assert.equal(JSON.stringify(again), JSON.stringify(read));
		}),
		{ numRuns: 2_000 },
	);
});

test("policy compiles every model pattern and registry that is accepted here", () => {
	const texts = fc.oneof(fc.stringMatching(/^[a-zA-Z0-9._:/*-]{1,12}$/), fc.string());
	fc.assert(
		fc.property(texts, (text) => {
			const pattern = modelPattern().safeParse(text).data;
			if (pattern !== undefined) assert.ok(isModelPattern(pattern), pattern);
			const host = hostName({ address: false }).safeParse(text).data;
			if (host !== undefined) compilePolicy({ ...DEFAULT_POLICY_SPEC, roles: {}, pull: { registries: [host] } });
		}),
		{ numRuns: 2_000 },
	);
});

test("whole amounts are read exactly, whatever the unit", () => {
	fc.assert(
		fc.property(fc.nat(1_000_000), fc.constantFrom(["KiB", 1024] as const, ["MiB", 1_048_576] as const), (digits, [unit, factor]) => {
			assert.equal(byteSize({ min: "0B" }).parse(`${digits}${unit}`), digits * factor);
		}),
	);
});
