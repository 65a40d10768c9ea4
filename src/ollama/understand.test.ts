import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { recordings } from "../../test/support/recordings.ts";
import { decide, forwarded, judged, LIMITS, sentBy, verdictOf } from "../../test/support/understood.ts";
import { serialise } from "./understand.ts";

const DIGEST = `sha256:${"ab".repeat(32)}`;

/** Each row of the parser differentials (threats §1.4) and their relatives: what Ollama would run otherwise than it reads. */
const refused: readonly (readonly [why: string, path: string, body: string | Buffer, reason: string])[] = [
	["a key is a case variant of a known one", "/api/show", '{"model":"door","Model":"evil"}', "body-ambiguous-key"],
	["the only model is a case variant", "/api/show", '{"MODEL":"door"}', "body-ambiguous-key"],
	["a key folds to a known one by U+017F", "/api/pull", '{"model":"door","inſecure":true}', "body-ambiguous-key"],
	["a key folds to a known one by U+212A", "/api/generate", '{"model":"door","\u212aeep_alive":0}', "body-ambiguous-key"],
	["an escaped key is a case variant", "/api/show", '{"model":"door","\\u004dodel":"evil"}', "body-ambiguous-key"],
	["a message has a case variant", "/api/chat", '{"model":"door","messages":[{"role":"user","Content":"x"}]}', "body-ambiguous-key"],
	["a tool call has one", "/api/chat", '{"model":"d","messages":[{"tool_calls":[{"Function":{}}]}]}', "body-ambiguous-key"],
	["a called function has one", "/api/chat", '{"model":"d","messages":[{"tool_calls":[{"function":{"NAME":"x"}}]}]}', "body-ambiguous-key"],
	["an option has one", "/api/generate", '{"model":"door","options":{"Num_Ctx":9}}', "body-ambiguous-key"],
	[
		"the options of a stream have one",
		"/v1/chat/completions",
		'{"model":"d","stream_options":{"Include_Usage":true}}',
		"body-ambiguous-key",
	],
	["a block of Anthropic's has one", "/v1/messages", '{"model":"d","messages":[{"content":[{"Type":"text"}]}]}', "body-ambiguous-key"],
	["an item of a response has one", "/v1/responses", '{"model":"d","input":[{"Role":"user"}]}', "body-ambiguous-key"],
	["a key comes twice", "/api/show", '{"model":"door","model":"evil"}', "body-duplicate-key"],
	["model and name differ", "/api/show", '{"model":"none","name":"door"}', "body-duplicate-key"],
	["text follows the value", "/api/show", '{"model":"door"}garbage', "body-not-json"],
	["a second value follows", "/api/show", '{"model":"door"}{"model":"evil"}', "body-not-json"],
	["it is not UTF-8", "/api/show", Buffer.from('{"model":"door","x":"\xff"}', "latin1"), "body-not-json"],
	["it is a list", "/api/chat", "[]", "body-wrong-type"],
	["it is null", "/api/chat", "null", "body-wrong-type"],
	["it is empty", "/api/chat", "", "body-missing"],
	["it is nested too deeply", "/api/show", `{"model":"door","options":${'{"a":'.repeat(80)}1${"}".repeat(80)}}`, "body-too-deep"],
	["no model is named", "/api/chat", "{}", "model-missing"],
	["the model is null", "/api/chat", '{"model":null}', "model-missing"],
	["the model is empty", "/v1/messages", '{"model":""}', "model-missing"],
	["a chat names its model by name only, which Ollama ignores there", "/api/chat", '{"name":"door"}', "model-missing"],
	["the model is a number", "/api/generate", '{"model":3}', "body-wrong-type"],
	["the model is a URL", "/api/pull", '{"model":"http://10.0.0.1/a/b"}', "model-name-invalid"],
	["the name is a URL", "/api/pull", '{"model":"","name":"http://10.0.0.1/a/b"}', "model-name-invalid"],
	["the model begins with a space", "/api/show", '{"model":" door"}', "model-name-invalid"],
	["the model climbs", "/api/show", '{"model":"../door"}', "model-name-invalid"],
	["the source of a copy is no name", "/api/copy", '{"source":"../etc","destination":"x"}', "model-name-invalid"],
	["a copy has no destination", "/api/copy", '{"source":"door"}', "model-missing"],
	["the base of a create is a path", "/api/create", '{"model":"x","from":"/etc/passwd"}', "model-name-invalid"],
	["a prompt is a list", "/api/generate", '{"model":"door","prompt":["x"]}', "body-wrong-type"],
	["messages are a string", "/v1/chat/completions", '{"model":"door","messages":"x"}', "body-wrong-type"],
	["a message is null", "/api/chat", '{"model":"door","messages":[null]}', "body-wrong-type"],
	["an image is not text", "/api/generate", '{"model":"door","images":[[1,2]]}', "body-wrong-type"],
	["stream is a string", "/api/chat", '{"model":"door","stream":"false"}', "body-wrong-type"],
	["num_predict is a string", "/api/generate", '{"model":"door","options":{"num_predict":"6"}}', "body-wrong-type"],
	["num_predict overflows", "/api/generate", '{"model":"door","options":{"num_predict":99999999999999999999}}', "body-wrong-type"],
	["num_predict is infinite", "/api/generate", '{"model":"door","options":{"num_predict":1e400}}', "body-wrong-type"],
	["max_tokens overflows", "/v1/chat/completions", '{"model":"door","max_tokens":9007199254740993}', "body-wrong-type"],
	["a seed is beyond 64 bits", "/v1/chat/completions", '{"model":"door","seed":9223372036854775808}', "body-wrong-type"],
	["a tool's type has a space, which Ollama trims", "/v1/messages", '{"model":"d","tools":[{"type":" web_search"}]}', "body-wrong-type"],
	["keep_alive is true", "/api/generate", '{"model":"door","keep_alive":true}', "body-wrong-type"],
];

for (const [why, path, body, reason] of refused) {
	test(`refuses ${path} when ${why}`, () => assert.equal(verdictOf({ path, body }), reason));
}

test("names the field that is wrong, and quotes nothing of what was sent", () => {
	const decision = decide({ path: "/api/chat", body: '{"model":"d","messages":[{},{"tool_calls":[{"function":{"name":["canary"]}}]}]}' });
	assert.ok(!decision.permitted);
	assert.equal(decision.detail, "messages[1].tool_calls[0].function.name: expected a string");
	const key = decide({ path: "/api/chat", body: '{"model":"d","messages":[{"CONTENT":"canary"}]}' });
	assert.ok(!key.permitted);
	assert.equal(key.detail, "messages[0]: a variant of the key content");
});

for (const [contentType, verdict] of [
	["text/plain", "content-type-unsupported"],
	["text/plain;charset=UTF-8", "content-type-unsupported"],
	["multipart/form-data; boundary=x", "content-type-unsupported"],
	["application/jsonx", "content-type-unsupported"],
	[undefined, "permitted"],
	["application/json", "permitted"],
	["Application/JSON; charset=utf-8", "permitted"],
	["application/x-www-form-urlencoded", "permitted"],
] as const) {
	test(`a body declared as ${contentType ?? "nothing"}: ${verdict}`, () => {
		const found = decide({ path: "/api/show", body: '{"model":"door"}' });
		assert.ok(found.permitted);
		assert.equal(verdictOf({ path: "/api/show", contentType: contentType ?? "", body: '{"model":"door"}' }), verdict);
	});
}

const bare: readonly (readonly [why: string, method: string, path: string, body: string | null, reason: string])[] = [
	["a GET has a body", "GET", "/api/tags", "hello", "body-unexpected"],
	["an operation without body has one", "POST", "/api/me", "{}", "body-unexpected"],
	["a digest is none", "POST", "/api/blobs/nonsense", "x", "digest-invalid"],
	["a digest is short", "HEAD", "/api/blobs/sha256:ab", null, "digest-invalid"],
	["a digest climbs", "HEAD", `/api/blobs/sha256:..%2F${"a".repeat(59)}`, null, "digest-invalid"],
	["a digest is of another kind", "HEAD", `/api/blobs/sha512:${"ab".repeat(32)}`, null, "digest-invalid"],
	["a model in the path climbs", "GET", "/v1/models/..", null, "model-name-invalid"],
	["a model in the path climbs escaped", "GET", "/v1/models/..%2Fapi%2Ftags", null, "model-name-invalid"],
	["a model in the path has another escape", "GET", "/v1/models/%64oor", null, "model-name-invalid"],
	["a model in the path is escaped twice", "GET", "/v1/models/acme%252Fdoor", null, "model-name-invalid"],
	["a user's key is none", "DELETE", "/api/user/keys/a.b", null, "operation-unknown"],
];

for (const [why, method, path, body, reason] of bare) {
	test(`refuses ${method} ${path.slice(0, 40)} when ${why}`, () => assert.equal(verdictOf({ method, path, body }), reason));
}

const paths: readonly (readonly [method: string, sent: string, forwardedPath: string])[] = [
	["GET", "/", "/"],
	["HEAD", "/api/tags", "/api/tags"],
	["GET", "/v1/models/door", "/v1/models/door"],
	["GET", "/v1/models/Door%3ALatest", "/v1/models/door:latest"],
	["GET", "/v1/models/acme%2fdoor%3a8b", "/v1/models/acme%2Fdoor:8b"],
	["HEAD", `/api/blobs/sha256-${"AB".repeat(32)}`, `/api/blobs/${DIGEST}`],
	["POST", `/api/blobs/${DIGEST}`, `/api/blobs/${DIGEST}`],
	["DELETE", "/api/user/keys/AAAA-_", "/api/user/keys/AAAA-_"],
];

for (const [method, sent, path] of paths) {
	test(`forwards ${method} ${sent.slice(0, 40)} as ${path.slice(0, 40)}`, () => assert.equal(judged({ method, path: sent }).path, path));
}

test("a blob is not read, and carries its digest and its length", () => {
	const { body, parameter } = judged({ path: `/api/blobs/${DIGEST}`, body: "25 bytes" });
	assert.deepEqual(body, { kind: "blob", digest: DIGEST, length: 8 });
	assert.equal(parameter, DIGEST);
});

const rebuilt: readonly (readonly [what: string, path: string, body: string, forwardedBody: string])[] = [
	["the model in canonical spelling", "/api/chat", '{"model":"Registry.Ollama.ai/library/DOOR"}', '{"model":"door"}'],
	["a tag where one was written", "/api/chat", '{"model":"door:LATEST"}', '{"model":"door:latest"}'],
	["a name as the model", "/api/show", '{"name":"door"}', '{"model":"door"}'],
	["a name beside an empty model", "/api/push", '{"model":"","name":"door"}', '{"model":"door"}'],
	["a name beside null", "/api/show", '{"model":null,"name":"door"}', '{"model":"door"}'],
	["two spellings of one model", "/api/show", '{"model":"door:latest","name":"library/door"}', '{"model":"door:latest"}'],
	[
		"only known members",
		"/api/chat",
		'{"model":"door","x":1,"name":"evil","messages":[{"role":"user","z":2}]}',
		'{"model":"door","messages":[{"role":"user"}]}',
	],
	["no member that is null", "/api/generate", '{"model":"door","options":null,"format":null}', '{"model":"door"}'],
	["no unknown option", "/api/generate", '{"model":"door","options":{"no_such":1,"seed":2}}', '{"model":"door","options":{"seed":2}}'],
	[
		"options as Ollama cuts them",
		"/api/generate",
		'{"model":"door","options":{"num_ctx":4096.9,"num_predict":-0.5}}',
		'{"model":"door","options":{"num_ctx":4096,"num_predict":0}}',
	],
	[
		"a large seed among options as a double",
		"/api/generate",
		'{"model":"d","options":{"seed":1234567890123456789}}',
		'{"model":"d","options":{"seed":1234567890123456800}}',
	],
	[
		"a large seed of OpenAI's digit by digit",
		"/v1/completions",
		'{"model":"d","seed":1234567890123456789}',
		'{"model":"d","seed":1234567890123456789}',
	],
	[
		"schemas and arguments whole",
		"/api/chat",
		'{"model":"d","format":{"Type":"object","type":1},"tools":[{"function":{"parameters":{"x-Y":[1e2]}}}]}',
		'{"model":"d","format":{"Type":"object","type":1},"tools":[{"function":{"parameters":{"x-Y":[100]}}}]}',
	],
	[
		"a member __proto__ of arguments",
		"/api/chat",
		'{"model":"d","messages":[{"tool_calls":[{"function":{"arguments":{"__proto__":1}}}]}]}',
		'{"model":"d","messages":[{"tool_calls":[{"function":{"arguments":{"__proto__":1}}}]}]}',
	],
	["a create without an empty base", "/api/create", '{"model":"x","from":"","system":""}', '{"model":"x","system":""}'],
	[
		"digests in one spelling",
		"/api/create",
		`{"model":"x","files":{"__proto__":"sha256-${"AB".repeat(32)}"}}`,
		`{"model":"x","files":{"__proto__":"${DIGEST}"}}`,
	],
	[
		"what attacks on create send, for the virtual patches",
		"/api/create",
		'{"model":"x","path":"/etc","files":{"a":""}}',
		'{"model":"x","path":"/etc","files":{"a":""}}',
	],
	["a registry's case", "/api/pull", '{"model":"HF.co/Acme/GPT-GGUF:Q4"}', '{"model":"hf.co/Acme/GPT-GGUF:Q4"}'],
	[
		"content in parts",
		"/v1/chat/completions",
		'{"model":"d","messages":[{"content":[{"type":"text","text":"x","cache_control":{}}]}],"tool_choice":"auto","n":1}',
		'{"model":"d","messages":[{"content":[{"type":"text","text":"x"}]}]}',
	],
];

for (const [what, path, body, forwardedBody] of rebuilt) {
	test(`forwards ${what}`, () => assert.equal(forwarded({ path, body }), forwardedBody));
}

test("records the keys that were left out, and not endlessly many", () => {
	assert.deepEqual(judged({ path: "/api/chat", body: '{"model":"d","foo":1,"bar":null}' }).droppedKeys, ["foo", "bar"]);
	const many = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`key${at}`, at]));
	assert.equal(judged({ path: "/api/chat", body: JSON.stringify({ model: "d", ...many }) }).droppedKeys.length, 32);
});

test("says which models are used for what", () => {
	const uses = (path: string, body: string) =>
		judged({ path, body }).models.map(({ role, name, field }) => `${role} ${name.short} from ${field}`);
	assert.deepEqual(uses("/api/chat", '{"model":"door"}'), ["use door:latest from model"]);
	assert.deepEqual(uses("/api/pull", '{"name":"door"}'), ["fetch door:latest from model"]);
	assert.deepEqual(uses("/api/create", '{"model":"mine","from":"door:8b"}'), ["target mine:latest from model", "source door:8b from from"]);
	assert.deepEqual(uses("/api/copy", '{"source":"a","destination":"b"}'), [
		"source a:latest from source",
		"target b:latest from destination",
	]);
	assert.deepEqual(
		judged({ method: "GET", path: "/v1/models/door" }).models.map(({ name, field }) => [name.short, field]),
		[["door:latest", "model"]],
	);
});

for (const [path, body, streaming] of [
	["/api/chat", '{"model":"d"}', true],
	["/api/chat", '{"model":"d","stream":null}', true],
	["/api/chat", '{"model":"d","stream":false}', false],
	["/api/embed", '{"model":"d","stream":true}', false],
	["/v1/chat/completions", '{"model":"d"}', false],
	["/v1/chat/completions", '{"model":"d","stream":null}', false],
	["/v1/chat/completions", '{"model":"d","stream":true}', true],
	["/v1/messages", '{"model":"d","stream":true}', true],
] as const) {
	test(`${path} with ${body} ${streaming ? "streams" : "does not stream"}`, () =>
		assert.equal(judged({ path, body }).streaming, streaming));
}

for (const [path, body, asked, options] of [
	["/v1/chat/completions", '{"model":"d","stream":true}', false, { include_usage: true }],
	["/v1/completions", '{"model":"d","stream":true,"stream_options":{}}', false, { include_usage: true }],
	["/v1/completions", '{"model":"d","stream":true,"stream_options":{"include_usage":false}}', false, { include_usage: true }],
	["/v1/chat/completions", '{"model":"d","stream":true,"stream_options":{"include_usage":true}}', true, { include_usage: true }],
	["/v1/chat/completions", '{"model":"d"}', false, undefined],
	["/v1/messages", '{"model":"d","stream":true}', false, undefined],
] as const) {
	test(`${path} with ${body}: the caller ${asked ? "asked" : "did not ask"} for usage`, () => {
		const request = judged({ path, body });
		assert.equal(request.usageAsked, asked);
		assert.ok(request.body.kind === "json");
		assert.deepEqual(request.body.value["stream_options"], options);
	});
}

/** `http://` in a model's name asks Ollama to reach any host without TLS; the stock client sends it and is refused (recorded: `ollama pull`). */
const REFUSED_CLIENTS = /pull-unreachable|push-unreachable/;

test("takes every request that a recorded client sent, and forwards it with the same meaning", () => {
	let bodies = 0;
	for (const exchange of recordings(/^client-/)) {
		if (REFUSED_CLIENTS.test(exchange.scenario) && exchange.body !== null) {
			assert.equal(verdictOf(sentBy(exchange)), "model-name-invalid");
			continue;
		}
		const request = judged(sentBy(exchange));
		const forwarded = serialise(request);
		if (forwarded === null) {
			assert.equal(exchange.body, null);
			continue;
		}
		bodies++;
		const sent = JSON.parse(exchange.body?.toString("utf8") ?? "");
		const { name, ...rest } = sent;
		const expected = Object.fromEntries(Object.entries({ ...rest, model: sent.model || name }).filter(([, value]) => value !== null));
		if (sent.stream === true && exchange.path.startsWith("/v1/chat")) expected["stream_options"] = { include_usage: true };
		if (sent.source !== undefined) delete expected["model"];
		assert.deepEqual(JSON.parse(forwarded.body.toString()), expected, exchange.scenario);
		assert.deepEqual(request.droppedKeys, []);
	}
	assert.ok(bodies > 40);
});

test("refuses or takes each recorded route and error as Ollama did, where its answer was about the request's form", () => {
	for (const exchange of recordings(/^(route|error)-/)) {
		if (/unknown-route|wrong-method|bad-host|route-blobs|count-tokens|insecure|unreachable|transcriptions/.test(exchange.scenario))
			continue;
		const decision = decide(sentBy(exchange));
		if (exchange.status === 200) assert.ok(decision.permitted, exchange.scenario);
		if (/bad-json|empty-body/.test(exchange.scenario)) assert.ok(!decision.permitted, exchange.scenario);
	}
});

test("understanding what was serialised changes nothing more", () => {
	for (const exchange of recordings(/^(client-|route-(?!v1-messages-count))/)) {
		const decision = decide(sentBy(exchange));
		if (!decision.permitted || decision.value.body.kind !== "json") continue;
		const once = serialise(decision.value);
		const again = judged({ ...sentBy(exchange), contentType: once?.contentType, body: once === null ? null : Buffer.from(once.body) });
		assert.deepEqual(again.body, decision.value.body);
		assert.deepEqual(again.models, decision.value.models);
	}
});

const NATIVE_KEYS = [
	"model",
	"name",
	"Model",
	"messages",
	"options",
	"stream",
	"tools",
	"format",
	"role",
	"content",
	"ſtream",
	"num_ctx",
	"x",
	"__proto__",
];
const anyBody = fc.letrec<{ value: unknown }>((tie) => ({
	value: fc.oneof(
		{ maxDepth: 4 },
		fc.constantFrom("door", "", null, true, 1, -1, 1e21, "http://x/y/z"),
		fc.array(tie("value"), { maxLength: 3 }),
		fc.dictionary(fc.constantFrom(...NATIVE_KEYS), tie("value"), { maxKeys: 5 }),
	),
})).value;

test("whatever is permitted is written without duplicate, ambiguous or unjudged keys, and is permitted again", () => {
	fc.assert(
		fc.property(
			fc.constantFrom("/api/chat", "/api/generate", "/api/show", "/v1/chat/completions", "/v1/messages"),
			anyBody,
			(path, value) => {
				const base = typeof value === "object" && value !== null && !Array.isArray(value) ? { model: "door", ...value } : value;
				const decision = decide({ path, body: JSON.stringify(base) });
				if (!decision.permitted) return;
				const forwarded = serialise(decision.value);
				assert.ok(forwarded !== null);
				const bytes = Buffer.from(forwarded.body);
				assert.equal(forwarded.bytes, bytes.length);
				const keys = Object.keys(JSON.parse(bytes.toString("utf8"))).map((key) => key.toLowerCase());
				assert.equal(new Set(keys).size, keys.length);
				assert.ok(!keys.includes("x") && !keys.includes("name"));
				assert.deepEqual(judged({ path, body: bytes }).body, decision.value.body);
			},
		),
		{ numRuns: 1500 },
	);
});

test("never throws, whatever the bytes", () => {
	const text = fc.string({ unit: fc.constantFrom(...'{}[]":,model\\u0'.split(""), '"model":"door"'), maxLength: 30 });
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 40, size: "max" }), (bytes) => void decide({ path: "/api/chat", body: Buffer.from(bytes) })),
	);
	fc.assert(
		fc.property(text, (body) => void decide({ path: "/api/generate", body })),
		{ numRuns: 1000 },
	);
});

test("limits are those that it was given", () => {
	assert.equal(LIMITS.maxDepth, 64);
	const deep = `{"model":"d","format":${"[".repeat(63)}${"]".repeat(63)}}`;
	assert.equal(verdictOf({ path: "/api/chat", body: deep }), "permitted");
	assert.equal(verdictOf({ path: "/api/chat", body: deep.replace("[", "[[").replace("]", "]]") }), "body-too-deep");
});
