import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { bareRequest, blobRequest, jsonRequest, nameOf, operationOf } from "../../test/support/judged-requests.ts";
import { policyWith, principalOf } from "../../test/support/policies.ts";
import { OPERATION_CLASSES } from "../model/operation-class.ts";
import { parseModelName } from "../model/parse-model-name.ts";
import { type ParameterSpec, REVEALED } from "../model/policy-spec.ts";
import type { JsonObject, JsonValue, JudgedRequest } from "../ollama/judged-request.ts";
import type { UsageSource } from "../ollama/operation.ts";
import { OPERATIONS } from "../ollama/operations.ts";
import { isAbsent, isJsonObject, numberOf } from "../virtual-patches/json-body.ts";
import type { Policy } from "./compile.ts";
import { CRITERIA } from "./criteria/index.ts";
import { evaluate } from "./evaluate.ts";
import { explain } from "./explain.ts";
import { parseGoDuration } from "./go-duration.ts";

const policy = policyWith({ models: { allow: ["llama*"], deny: ["llama-secret"] } });

test("the first criterion that refuses is the answer, and nothing after it is asked", () => {
	const request = jsonRequest("pull", { model: "evil.example:1/a/b", insecure: true });
	const reasonFor = (role: string) => {
		const decision = evaluate(policy, principalOf(role), request);
		return decision.permitted ? "permitted" : decision.reason;
	};
	assert.equal(reasonFor("ghost"), "role-unknown");
	assert.equal(reasonFor("user"), "class-denied");
	assert.equal(reasonFor("tested"), "virtual-patch");
	const { steps } = explain(policy, principalOf(), request);
	assert.deepEqual(
		steps.map(({ criterion, outcome }) => `${criterion} ${outcome}`),
		["role-known pass", "operation-class pass", "virtual-patches deny"],
	);
});

test("a permit asked every criterion, in the written order", () => {
	const { decision, steps } = explain(policy, principalOf(), jsonRequest("chat", { model: "llama3.2" }));
	assert.ok(decision.permitted);
	assert.deepEqual(
		steps.map(({ criterion }) => criterion),
		CRITERIA.map(({ id }) => id),
	);
});

test("a grant carries the clamped request, the role, what was lowered and what of the answer may be seen", () => {
	const clamping = policyWith({
		classes: ["infer"],
		models: { allow: ["llama*"], deny: [] },
		reveal: ["license"],
		parameters: { numCtx: 10, numPredict: 20, keepAliveMs: 30_000 },
	});
	const asked = jsonRequest("chat", { model: "llama3.2", options: { num_ctx: 999 }, keep_alive: -1 });
	const decision = evaluate(clamping, principalOf(), asked);
	assert.ok(decision.permitted);
	const { request, amendments, view } = decision.value;
	assert.deepEqual(request.body, {
		kind: "json",
		value: { model: "llama3.2", options: { num_ctx: 10, num_predict: 20 }, keep_alive: "30s" },
	});
	assert.equal(amendments.length, 3);
	assert.deepEqual({ ...request, body: null }, { ...asked, body: null }, "nothing else changed");
	assert.deepEqual(
		REVEALED.filter((part) => view.reveals(part)),
		["license"],
	);
	assert.equal(view.mayName(nameOf("llama3.2:1b")), true);
	assert.equal(view.mayName(nameOf("qwen")), false);
	assert.equal(view.mayName(nameOf("llama3.2:cloud")), false, "a cloud model is not for who has not the class");
});

test("a request that needs no clamp is granted as the same object", () => {
	const asked = jsonRequest("chat", { model: "llama3.2" });
	const decision = evaluate(policy, principalOf(), asked);
	assert.ok(decision.permitted);
	assert.equal(decision.value.request, asked);
	assert.deepEqual(decision.value.amendments, []);
});

test("criteria have unique ids and say why they are there", () => {
	const ids = CRITERIA.map(({ id }) => id);
	assert.deepEqual([...new Set(ids)], ids);
	for (const criterion of CRITERIA) {
		assert.ok(Object.isFrozen(criterion));
		assert.ok(criterion.title.length > 10 && criterion.why.length > 20 && criterion.reasons.length > 0, criterion.id);
	}
});

// From here on: what holds for any request, any role and any key.

const texts = [
	"llama3.2",
	"llama3.2:1b",
	"llama-secret",
	"LLAMA-SECRET:latest",
	"library/llama-secret",
	"qwen",
	"acme/gpt:q4",
	"hf.co/acme/gpt",
];
const hostile = ["evil.example/a/b", "10.0.0.1/a/b", "hf.co:80/a/b", "gpt-oss:cloud", "registry.ollama.ai/library/llama-secret"];
const model = fc.constantFrom(...texts, ...hostile);
const anyNumber = fc.oneof(fc.integer(), fc.double({ noNaN: true }), fc.constantFrom(0, -1, 0.5, 1e300, 5000));
const value: fc.Arbitrary<JsonValue> = fc.oneof(
	anyNumber,
	fc.constantFrom<JsonValue>("5m", "-1", "0", "1h", "x", null, true, [], {}, JSON.rawJSON("9".repeat(25))),
);
const optionals = fc.record(
	{
		options: fc.oneof(fc.constant(null), fc.record({ num_ctx: value, num_predict: value, num_keep: value }, { requiredKeys: [] })),
		parameters: fc.record({ num_ctx: value, num_predict: value }, { requiredKeys: [] }),
		max_tokens: value,
		max_completion_tokens: value,
		max_output_tokens: value,
		keep_alive: value,
		prompt: fc.constantFrom("", "hi"),
		messages: fc.constantFrom<JsonValue>([], [{ role: "user", content: "hi" }], [{ images: ["AAAA"] }]),
		insecure: fc.boolean(),
		remote_host: fc.constantFrom("", "https://evil.example"),
		files: fc.constantFrom<JsonValue>({}, { a: `sha256:${"a".repeat(64)}` }, { a: "" }),
		quantize: fc.constantFrom("", "q4_0"),
		tools: fc.constantFrom<JsonValue>([], [{ type: "web_search" }]),
	},
	{ requiredKeys: [] },
);

const anyRequest: fc.Arbitrary<JudgedRequest> = fc
	.record({ operation: fc.constantFrom(...OPERATIONS), one: model, other: model, extra: optionals, length: fc.option(fc.nat(100)) })
	.map(({ operation: { id, models, body }, one, other, extra, length }) => {
		if (body === "blob") return blobRequest(length);
		if (body !== "json") return bareRequest(id, models.length > 0 ? one : null);
		const named = models.map(({ name }, at): [string, JsonValue] => [name, at === 0 ? one : other]);
		return jsonRequest(id, { ...Object.fromEntries(named), ...extra });
	});

const patterns = fc.subarray([
	"*",
	"llama*",
	"llama3.2",
	"qwen",
	"hf.co/*",
	"*secret*",
	"acme/gpt",
	"evil.example/*",
	"*-cloud",
	"gpt-oss:*",
]);
const anyPolicy: fc.Arbitrary<Policy> = fc
	.record({
		classes: fc.subarray([...OPERATION_CLASSES]),
		allow: patterns,
		deny: patterns,
		uploads: fc.boolean(),
		registries: fc.subarray(["registry.ollama.ai", "hf.co", "10.0.0.1"]),
		remoteHost: fc.boolean(),
		quantizeUploads: fc.boolean(),
		parameters: fc.record({
			numCtx: fc.option(fc.integer({ min: 1, max: 9000 })),
			numPredict: fc.option(fc.integer({ min: 1, max: 9000 })),
			keepAliveMs: fc.option(fc.integer({ min: 1000, max: 3_600_000 })),
			unload: fc.boolean(),
			onExcess: fc.constantFrom("clamp", "refuse"),
		}),
	})
	.map(({ classes, allow, deny, uploads, registries, remoteHost, quantizeUploads, parameters }) =>
		policyWith(
			{ classes, models: { allow, deny }, uploads, parameters },
			{ pull: { registries }, create: { remoteHost, quantizeUploads } },
		),
	);
const anyKey = fc.option(patterns);
const runs = { numRuns: 1500 };

test("evaluate and explain always agree", () => {
	fc.assert(
		fc.property(anyPolicy, anyKey, anyRequest, (some, models, request) => {
			const decided = evaluate(some, principalOf("tested", models), request);
			const { decision, steps } = explain(some, principalOf("tested", models), request);
			assert.deepEqual(JSON.stringify(decided), JSON.stringify(decision));
			assert.equal(steps.at(-1)?.outcome === "deny", !decided.permitted);
			if (decided.permitted) assert.equal(steps.length, CRITERIA.length);
		}),
		runs,
	);
});

test("a model that a deny list covers is never permitted, whatever else is allowed", () => {
	const denying = policyWith({ models: { allow: ["*", "llama-secret", "llama-secret:*"], deny: ["llama-secret"] } });
	fc.assert(
		fc.property(anyKey, anyRequest, (models, request) => {
			const decision = evaluate(denying, principalOf("tested", models), request);
			if (decision.permitted)
				assert.ok(request.models.every(({ name }) => name.model !== "llama-secret" || name.host !== nameOf("x").host));
		}),
		runs,
	);
});

test("a key's own models can only narrow", () => {
	fc.assert(
		fc.property(anyPolicy, patterns, anyRequest, (some, models, request) => {
			const narrowed = evaluate(some, principalOf("tested", models), request);
			const whole = evaluate(some, principalOf("tested", null), request);
			if (narrowed.permitted) assert.ok(whole.permitted);
			for (const text of texts) {
				const { view: narrow } = some.subjectOf(principalOf("tested", models));
				if (narrow.mayName(nameOf(text))) assert.ok(some.subjectOf(principalOf()).view.mayName(nameOf(text)));
			}
		}),
		runs,
	);
});

test("a permitted request is within every bound of its role, and judging it again changes nothing", () => {
	fc.assert(
		fc.property(anyPolicy, anyRequest, (some, request) => {
			const decision = evaluate(some, principalOf(), request);
			if (!decision.permitted || decision.value.request.body.kind !== "json") return;
			const { body, operation } = decision.value.request;
			assertBounded(body.value, operation.id, some.subjectOf(principalOf()).parameters);
			const again = evaluate(some, principalOf(), decision.value.request);
			assert.ok(again.permitted);
			assert.deepEqual(again.value.amendments, []);
		}),
		{ numRuns: 4000 },
	);
});

/** Where each kind of usage says how long the answer may be. */
const LENGTH_FIELDS: Partial<Record<UsageSource, string>> = {
	"openai-chat": "max_tokens",
	"openai-completion": "max_tokens",
	"openai-responses": "max_output_tokens",
	anthropic: "max_tokens",
};

function assertBounded(body: JsonObject, id: string, bounds: ParameterSpec): void {
	const { class: class_, usage, dialect } = operationOf(id);
	const options = isJsonObject(body["options"]) ? body["options"] : {};
	const parameters = isJsonObject(body["parameters"]) ? body["parameters"] : {};
	const context = id === "create" ? parameters["num_ctx"] : class_ === "infer" && dialect === "ollama" ? options["num_ctx"] : undefined;
	if (bounds.numCtx !== null && !isAbsent(context)) assert.ok(Number(context) <= bounds.numCtx);

	const field = LENGTH_FIELDS[usage];
	if (bounds.numPredict !== null && (usage === "record" || field !== undefined)) {
		const length = field === undefined ? options["num_predict"] : body[field];
		assert.ok(typeof length === "number" && length >= 1 && length <= bounds.numPredict, `${id}: ${JSON.stringify(length)}`);
	}

	const keep = body["keep_alive"];
	if (class_ !== "infer" || isAbsent(keep)) return;
	const ms = typeof keep === "string" ? parseGoDuration(keep) : (numberOf(keep) ?? Number.NaN) * 1000;
	assert.ok(ms !== null && !Number.isNaN(ms));
	if (bounds.keepAliveMs !== null) assert.ok(ms >= 0 && ms <= bounds.keepAliveMs, `${id}: ${ms}`);
	if (!bounds.unload) assert.ok(ms >= 1000 || ms < 0, `${id}: ${ms}`);
}

test("nothing is fetched or sent but canonical names of listed hosts that are neither addresses nor ports", () => {
	const junk = fc.string({ unit: fc.constantFrom(..."ab01.:@%\\/ _-\u0000\u0443".split("")), maxLength: 12, size: "max" });
	const part = fc.oneof({ arbitrary: fc.constantFrom("acme", "gpt", "q4", "q5_0", "GPT", ".."), weight: 9 }, junk);
	const hosts = ["registry.ollama.ai", "hf.co", "10.0.0.1", "2130706433", "hf.co:80", "evil.example"];
	const forged = fc.record({
		host: fc.oneof({ arbitrary: fc.constantFrom(...hosts), weight: 4 }, junk),
		namespace: part,
		model: part,
		tag: part,
	});
	const registries = fc.subarray(["registry.ollama.ai", "hf.co", "10.0.0.1", "2130706433"]);
	let permitted = 0;
	fc.assert(
		fc.property(registries, fc.constantFrom("pull", "push"), forged, (listed, id, parts) => {
			const some = policyWith({}, { pull: { registries: listed } });
			const full = `${parts.host}/${parts.namespace}/${parts.model}:${parts.tag}`;
			const role = id === "pull" ? "fetch" : "send";
			const name = { ...parts, full, short: full, cloud: false };
			if (!evaluate(some, principalOf(), { ...jsonRequest(id, {}), models: [{ role, field: "model", name }] }).permitted) return;
			permitted += 1;
			assert.equal(parseModelName(full)?.full, full);
			assert.ok(listed.includes(parts.host));
			assert.match(parts.host, /^(?:registry\.ollama\.ai|hf\.co)$/);
		}),
		{ numRuns: 4000 },
	);
	assert.ok(permitted > 20, "the property has seen permits");
});
