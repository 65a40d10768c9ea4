import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { parseConfig } from "./parse.ts";
import { problemText } from "./problem.ts";

type Expected = readonly [place: string, path: string, message: string, hint: string];

const refusals: readonly (readonly [what: string, text: string, problems: readonly Expected[]])[] = [
	["a misspelt section", "gatewy:\n  listen: 1\n", [["1:1", "gatewy", "is not a setting", "did you mean gateway?"]]],
	[
		"a misspelt setting",
		"gateway:\n  lisen: 127.0.0.1:1\n",
		[["2:3", "gateway.lisen", "is not a setting", "did you mean gateway.listen?"]],
	],
	[
		"a setting in camel case",
		"limits:\n  bodyTimeout: 3s\n",
		[["2:3", "limits.bodyTimeout", "is not a setting", "did you mean limits.body_timeout?"]],
	],
	[
		"a setting outside its section",
		"connect_timeout: 1s\n",
		[["1:1", "connect_timeout", "is not a setting", "did you mean upstream.connect_timeout?"]],
	],
	["a setting in the wrong section", "admin:\n  tls: {}\n", [["2:3", "admin.tls", "is not a setting", "did you mean gateway.tls?"]]],
	[
		"a setting that means nothing",
		"admin:\n  colour: red\n",
		[["2:3", "admin.colour", "is not a setting", "settings here: listen, socket, insecure_remote, sign_in"]],
	],
	[
		"a misspelt key of a role",
		"roles:\n  x:\n    clases: [infer]\n",
		[
			["2:3", "roles.x.classes", "is missing", 'write a list, even of one: ["…"], or one "- …" a line'],
			["3:5", "roles.x.clases", "is not a setting", "did you mean roles.x.classes?"],
		],
	],
	[
		"a bare number of seconds",
		"limits:\n  body_timeout: 30\n",
		[
			[
				"2:17",
				"limits.body_timeout",
				"the bare number 30 is not a duration",
				"write a whole number and a unit, one of ms, s, m, h, d: 30s",
			],
		],
	],
	[
		"a section left empty",
		"limits:\n",
		[["1:1", "limits", "an empty value is not a section", "write settings indented below it, or leave the section out"]],
	],
	[
		"a setting left empty",
		"admin:\n  listen:\n",
		[
			[
				"2:3",
				"admin.listen",
				"an empty value is not an address and port",
				'write an IP address and a port: 0.0.0.0:11435, 127.0.0.1:11435 or, in quotes, "[::]:11435"',
			],
		],
	],
	[
		"a value in the place of a section",
		"admission: {queue: 5}\n",
		[["1:20", "admission.queue", "the bare number 5 is not a section", "write settings indented below it, or leave the section out"]],
	],
	[
		"a list in the place of the file",
		"- a\n",
		[
			[
				"1:1",
				"",
				"the file is not a mapping of settings",
				'write sections and settings as "key: value", one a line; an empty file means all defaults',
			],
		],
	],
	[
		"a word in the place of the file",
		"hello\n",
		[
			[
				"1:1",
				"",
				"the file is not a mapping of settings",
				'write sections and settings as "key: value", one a line; an empty file means all defaults',
			],
		],
	],
	[
		"one word in the place of a list",
		"gateway:\n  names: gpu\n",
		[["2:10", "gateway.names", '"gpu" is not a list', 'write a list, even of one: ["…"], or one "- …" a line']],
	],
	[
		"an empty list of upstreams",
		"upstreams: []\n",
		[["1:12", "upstreams", "the list is empty", "name 1 at least, or leave the setting out"]],
	],
	[
		"an entry without its keys",
		"upstreams:\n  - name: a\n",
		[["2:5", "upstreams[0].url", "is missing", "write scheme, host and port: http://127.0.0.1:11434"]],
	],
	[
		"a key set twice, and the mistake after it",
		"admin:\n  socket: true\n  socket: false\nwedge: {factor: 1}\n",
		[
			["3:3", "admin.socket", "is set twice, first on line 2", "keep one of the two"],
			["4:17", "wedge.factor", "1 is out of range", "write a whole number from 2 to 1000"],
		],
	],
	[
		"a required value that cannot be read, once",
		"upstreams: [{name: !x a, url: 'http://gpu:1'}]\n",
		[["1:23", "upstreams[0].name", 'YAML tags such as "!x" are not read here', "leave the word that begins with ! out"]],
	],
	[
		"a bad role name and what is wrong inside",
		"roles:\n  GPU users:\n    classes: [infr]\n",
		[
			["2:3", 'roles."GPU users"', '"GPU users" is not a name', "write gpu-users"],
			["3:15", 'roles."GPU users".classes[0]', '"infr" is not one of probe, read, infer, manage, account, cloud', "did you mean infer?"],
		],
	],
	[
		"bounds that are neither numbers nor unlimited",
		"roles: {x: {classes: [], parameters: {num_ctx: 1, keep_alive: 30, num_predict: lots}}}\n",
		[
			["1:48", "roles.x.parameters.num_ctx", "1 is out of range", "write a whole number from 256 to 16777216"],
			[
				"1:63",
				"roles.x.parameters.keep_alive",
				"the bare number 30 is not a duration",
				"write a whole number and a unit, one of ms, s, m, h, d: 30s, or the word unlimited",
			],
			[
				"1:80",
				"roles.x.parameters.num_predict",
				'"lots" is not a whole number',
				"write a whole number from 1 to 16777216, or the word unlimited",
			],
		],
	],
	[
		"files without certificate and key",
		"gateway:\n  tls:\n    mode: files\n",
		[
			["2:3", "gateway.tls.certificate", "is missing, and mode files needs it", "add certificate: /etc/rempart/tls/fullchain.pem"],
			["2:3", "gateway.tls.key", "is missing, and mode files needs it", "add key: /etc/rempart/tls/privkey.pem"],
		],
	],
	[
		"a certificate that would not be used",
		"gateway:\n  tls:\n    certificate: /c.pem\n",
		[["3:18", "gateway.tls.certificate", "has no effect with mode local-ca", "set mode: files, or leave certificate out"]],
	],
	[
		"mistakes in values, keys and between settings, all at once",
		"admin:\n  listen: 0.0.0.0:1\n  sockt: true\nlimits:\n  body: 8MB\n",
		[
			["2:11", "admin.listen", "0.0.0.0:1 can be reached from other machines", "write 127.0.0.1:1, or set admin.insecure_remote: true"],
			["3:3", "admin.sockt", "is not a setting", "did you mean admin.socket?"],
			["5:9", "limits.body", '"8MB" is not an amount of bytes', "write 8MiB"],
		],
	],
];

for (const [what, text, expected] of refusals) {
	test(`refuses ${what}`, () => {
		const parsed = parseConfig(text, "rempart.yaml");
		assert.ok("problems" in parsed);
		assert.deepEqual(
			parsed.problems.map(({ line, column, path, message, hint }) => [`${line}:${column}`, path, message, hint]),
			expected,
		);
	});
}

test("a problem prints with its place and its setting", () => {
	const parsed = parseConfig("limits:\n  body: 8\n", "/etc/rempart/rempart.yaml");
	assert.ok("problems" in parsed);
	assert.deepEqual(parsed.problems.map(problemText), [
		"/etc/rempart/rempart.yaml:2:9: limits.body: the bare number 8 is not an amount of bytes",
	]);
});

// The first line is an unknown setting and the 149 others repeat it: as one path is reported once, 149 problems remain.
test("a file that is wrong throughout is reported in a hundred lines and a remark", () => {
	const parsed = parseConfig("x: 1\n".repeat(150), "rempart.yaml");
	assert.ok("problems" in parsed);
	assert.equal(parsed.problems.length, 101);
	assert.equal(parsed.problems.at(-1)?.message, "49 further problems follow from here");
});

test("a password pasted into an upstream is not repeated", () => {
	const parsed = parseConfig("upstreams: [{name: a, url: 'http://me:hunter2@gpu:1'}]\n", "rempart.yaml");
	assert.ok("problems" in parsed && parsed.problems.length === 1);
	assert.doesNotMatch(JSON.stringify(parsed.problems), /hunter2/);
});

test("an empty file has the defaults that are promised", () => {
	const parsed = parseConfig("", "rempart.yaml");
	assert.ok("config" in parsed);
	const { gateway, admin, upstreams, limits, policy } = parsed.config;
	assert.equal(gateway.listen.text, "0.0.0.0:11435");
	assert.equal(gateway.tls.mode, "local-ca");
	assert.equal(admin.listen.text, "127.0.0.1:11436");
	assert.deepEqual(
		upstreams.map(({ url }) => url.text),
		["http://127.0.0.1:11434"],
	);
	// The figures of the documents on denial of service; whoever changes one changes a promise.
	assert.deepEqual(limits, {
		headerTimeoutMs: 10_000,
		bodyTimeoutMs: 30_000,
		bodyMinimumBytesPerSecond: 500,
		writeStallTimeoutMs: 60_000,
		keepAliveTimeoutMs: 30_000,
		headBytes: 16 * 1_024,
		headFields: 64,
		targetBytes: 4 * 1_024,
		bodyBytes: 8 * 2 ** 20,
		bodyWithImagesBytes: 64 * 2 ** 20,
		uploadBytes: 200 * 2 ** 30,
		responseBufferBytes: 16 * 2 ** 20,
		jsonDepth: 64,
		jsonMembers: 100_000,
		connections: { total: 1_024, perAddress: 64, unauthenticatedPerAddress: 8 },
		requestsPerConnection: 1_000,
		memoryBytes: 2 ** 30,
		drainTimeoutMs: 120_000,
	});
	assert.deepEqual(policy, {
		networks: { allow: [], deny: [], allowFile: null, denyFile: null },
		roles: {},
		pull: { registries: ["registry.ollama.ai"] },
		create: { remoteHost: false, quantizeUploads: false },
	});
});

test("a role is read with the defaults of what it leaves out", () => {
	const parsed = parseConfig("roles:\n  lab:\n    classes: [infer]\n    parameters:\n      keep_alive: unlimited\n", "rempart.yaml");
	assert.ok("config" in parsed);
	assert.deepEqual(parsed.config.policy.roles["lab"], {
		classes: ["infer"],
		models: { allow: ["*"], deny: [] },
		reveal: [],
		uploads: false,
		parameters: {
			numCtx: 32_768,
			numPredict: null,
			keepAliveMs: null,
			unload: false,
			imagesMax: 16,
			imageBytesMax: 16 * 2 ** 20,
			onExcess: "clamp",
		},
		networks: { allow: [], deny: [], allowFile: null, denyFile: null },
		require: [],
		standing: { weight: 1, priority: "normal" },
	});
});

test("a configuration in force cannot be changed", () => {
	const parsed = parseConfig("roles: {lab: {classes: [infer]}}", "rempart.yaml");
	assert.ok("config" in parsed);
	const { config } = parsed;
	for (const part of [config, config.gateway, config.gateway.listen, config.gateway.names, config.policy.roles["lab"]?.models.allow])
		assert.ok(Object.isFrozen(part));
});

test("no text makes the parser throw, and every text is a configuration or has problems", () => {
	const words = [
		"gateway",
		"listen",
		"tls",
		"mode",
		"off",
		"upstreams",
		"name",
		"url",
		"roles",
		"limits",
		"body",
		"8MiB",
		"30s",
		"1",
		"~",
		"true",
		"http://a:1",
		"0.0.0.0:1",
		"[]",
		"{}",
		"{",
		"}",
		"[",
		"]",
		",",
		": ",
		"\n",
		"\n  ",
		"\n    ",
		"\n  - ",
		"*a ",
		"&a ",
		"toString",
		"__proto__",
		"constructor",
	];
	const text = fc.oneof(
		{ weight: 5, arbitrary: fc.array(fc.constantFrom(...words), { maxLength: 40 }).map((parts) => parts.join("")) },
		fc.string({ unit: "binary" }),
	);
	fc.assert(
		fc.property(text, (written) => {
			const parsed = parseConfig(written, "f");
			if ("config" in parsed) return;
			assert.notEqual(parsed.problems.length, 0);
			for (const { message, hint, line, column } of parsed.problems)
				assert.ok(message !== "" && hint !== "" && line >= 1 && column >= 1, JSON.stringify({ message, hint, line, column }));
		}),
		{ numRuns: 800 },
	);
});

test("any tree of values under real keys is a configuration or has problems with hints", () => {
	const keys = fc.constantFrom(
		"gateway",
		"listen",
		"names",
		"origins",
		"tls",
		"mode",
		"key",
		"upstreams",
		"name",
		"url",
		"limits",
		"connections",
		"total",
		"body",
		"roles",
		"classes",
		"models",
		"allow",
		"parameters",
		"num_ctx",
		"wedge",
		"floor",
	);
	const { tree } = fc.letrec((tie) => ({
		leaf: fc.oneof(
			fc.integer(),
			fc.string(),
			fc.boolean(),
			fc.constant(null),
			fc.constantFrom("off", "127.0.0.1:0", "1s", "1MiB", "http://b", "infer"),
		),
		tree: fc.oneof({ maxDepth: 4 }, tie("leaf"), fc.dictionary(keys, tie("tree"), { maxKeys: 4 }), fc.array(tie("tree"), { maxLength: 3 })),
	}));
	fc.assert(
		fc.property(tree, (value) => {
			const parsed = parseConfig(JSON.stringify(value), "f");
			if ("problems" in parsed)
				for (const { message, hint } of parsed.problems) assert.ok(message !== "" && hint !== "", JSON.stringify(parsed.problems));
		}),
		{ numRuns: 800 },
	);
});
