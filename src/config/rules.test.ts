import assert from "node:assert/strict";
import { test } from "node:test";

import { parseConfig } from "./parse.ts";
import { RULES } from "./rules.ts";

const OFF = "tls: {mode: off}";

const refusals: readonly (readonly [rule: string, text: string, path: string, message: string])[] = [
	[
		"clear-text-stays-home",
		`gateway: {listen: "0.0.0.0:1", ${OFF}}`,
		"gateway.tls.mode",
		"off would send credentials in clear, since 0.0.0.0:1 can be reached from other machines",
	],
	[
		"clear-text-stays-home",
		`gateway: {listen: "[::ffff:10.0.0.1]:1", ${OFF}}`,
		"gateway.tls.mode",
		"off would send credentials in clear, since [::ffff:a00:1]:1 can be reached from other machines",
	],
	[
		"clear-text-stays-home",
		`gateway: {${OFF}}`,
		"gateway.tls.mode",
		"off would send credentials in clear, since 0.0.0.0:11435 can be reached from other machines",
	],
	["admin-stays-home", "admin: {listen: 192.0.2.1:1}", "admin.listen", "192.0.2.1:1 can be reached from other machines"],
	["listeners-differ", "gateway: {listen: 127.0.0.1:11436}", "admin.listen", "is taken by gateway.listen, 127.0.0.1:11436"],
	["listeners-differ", "admin: {listen: 127.0.0.1:11435}", "admin.listen", "is taken by gateway.listen, 0.0.0.0:11435"],
	[
		"proxy-protocol-knows-its-proxies",
		"gateway: {proxy_protocol: true}",
		"gateway.proxy_protocol",
		"has no effect while gateway.trusted_proxies names nobody",
	],
	[
		"proxy-users-have-a-way",
		"identities: {proxy: {field: remote-user}}",
		"identities.proxy.field",
		"names users, but there is no way on which it would be believed",
	],
	[
		"network-factor-has-networks",
		"roles: {ops: {classes: [read], require: [key, network]}}",
		"roles.ops.require",
		"demands a network, and none is listed, so nobody could have the role",
	],
	[
		"credential-factors-are-alternatives",
		"roles: {ops: {classes: [read], require: [key, password, group:ops]}}",
		"roles.ops.require",
		"demands key and password, which no request has together, so nobody could have the role",
	],
	[
		"certificate-factor-is-asked-for",
		"roles: {ops: {classes: [read], require: [certificate]}}",
		"roles.ops.require",
		"demands a certificate, and callers are asked for none, so nobody could have the role",
	],
	[
		"forward-auth-knows-its-proxies",
		"forward_auth: {listen: 127.0.0.1:1}",
		"forward_auth.proxies",
		"names nobody, so nobody could ask at forward_auth.listen",
	],
	[
		"forward-auth-stays-home",
		"forward_auth: {listen: 0.0.0.0:1, proxies: [10.0.0.1]}",
		"forward_auth.listen",
		"0.0.0.0:1 can be reached from other machines, and callers' keys would come to it in clear",
	],
	[
		"forward-auth-has-its-own-port",
		"forward_auth: {listen: 127.0.0.1:11436, proxies: [127.0.0.1]}",
		"forward_auth.listen",
		"is taken by gateway.listen or admin.listen",
	],
	[
		"no-way-round",
		'upstreams: [{name: a, url: "http://localhost:11435"}]',
		"upstreams[0].url",
		"http://localhost:11435 is this server itself",
	],
	[
		"no-way-round",
		'upstreams: [{name: a, url: "http://127.0.0.2:11435"}]',
		"upstreams[0].url",
		"http://127.0.0.2:11435 is this server itself",
	],
	[
		"no-way-round",
		'gateway: {listen: "192.0.2.1:9"}\nupstreams: [{name: a, url: "https://192.0.2.1:9"}]',
		"upstreams[0].url",
		"https://192.0.2.1:9 is this server itself",
	],
	["no-way-round", 'upstreams: [{name: a, url: "http://[::1]:11436"}]', "upstreams[0].url", "http://[::1]:11436 is this server itself"],
	["upstream-names-differ", 'upstreams: [{name: a, url: "http://b"}, {name: a, url: "http://c"}]', "upstreams[1].name", "a is named twice"],
	[
		"upstream-servers-differ",
		'upstreams: [{name: a, url: "http://b"}, {name: c, url: "http://B:80/"}]',
		"upstreams[1].url",
		"http://b is named twice",
	],
	[
		"checks-do-not-overlap",
		"upstream: {health_timeout: 11s}",
		"upstream.health_timeout",
		"is longer than health_interval, so checks would overlap",
	],
	["images-fit-where-text-does", "limits: {body_with_images: 4MiB}", "limits.body_with_images", "is less than limits.body"],
	["bodies-fit-memory", "limits: {memory: 127MiB}", "limits.memory", "is less than two bodies of limits.body_with_images"],
	["addresses-fit-connections", "limits: {connections: {per_address: 1025}}", "limits.connections.per_address", "is more than total"],
	[
		"addresses-fit-connections",
		"limits: {connections: {per_address: 7}}",
		"limits.connections.unauthenticated_per_address",
		"is more than per_address",
	],
	["floor-below-cap", "wedge: {floor: 301s}", "wedge.floor", "is longer than wedge.cap"],
];

for (const [rule, text, path, message] of refusals) {
	test(`${rule} refuses ${text}`, () => {
		const parsed = parseConfig(text, "f");
		assert.ok("problems" in parsed);
		assert.deepEqual(
			parsed.problems.map((problem) => [problem.path, problem.message]),
			[[path, message]],
		);
		assert.notEqual(parsed.problems[0]?.hint, "");
	});
}

test("every rule has a case", () =>
	assert.deepEqual(
		RULES.map(({ name }) => name).filter((name) => !refusals.some(([rule]) => rule === name)),
		[],
	));

for (const text of [
	`gateway: {listen: "127.0.0.1:1", ${OFF}}`,
	`gateway: {listen: "[::1]:1", ${OFF}}`,
	"gateway: {tls: {mode: off, insecure_clear_text: true}}",
	"gateway: {tls: {mode: files, certificate: /c.pem, key: /k.pem}}",
	"admin: {listen: 0.0.0.0:1, insecure_remote: true}",
	"gateway: {proxy_protocol: true, trusted_proxies: [127.0.0.1]}",
	"gateway: {socket: /run/a.sock}\nidentities: {proxy: {field: remote-user}}",
	"identities: {proxy: {field: remote-user, certificates: [prn_1]}}",
	"forward_auth: {listen: 127.0.0.1:1, proxies: [127.0.0.1]}",
	"forward_auth: {listen: 192.0.2.1:1, proxies: [10.0.0.0/8], insecure_clear_text: true}",
	"forward_auth: {socket: /run/rempart/ask.sock}",
	"gateway: {listen: 127.0.0.1:0}\nadmin: {listen: 127.0.0.1:0}",
	"gateway: {listen: 192.0.2.1:7}\nadmin: {listen: 127.0.0.1:7}",
	'upstreams: [{name: a, url: "http://gpu.example.org:11435"}]',
	'gateway: {listen: "192.0.2.1:9"}\nupstreams: [{name: a, url: "http://127.0.0.1:9"}]',
]) {
	test(`the rules permit ${text}`, () => assert.ok("config" in parseConfig(text, "f"), JSON.stringify(parseConfig(text, "f"))));
}

test("a rule keeps silent where one of its settings is mistaken itself", () => {
	const parsed = parseConfig("gateway: {listen: 0.0.0.0, tls: {mode: off}}\nadmin: {listen: 0.0.0.0:1}", "f");
	assert.ok("problems" in parsed);
	assert.deepEqual(
		parsed.problems.map(({ path }) => path),
		["gateway.listen", "admin.listen"],
	);
});
