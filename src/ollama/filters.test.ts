import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { type Exchange, recordings } from "../../test/support/recordings.ts";
import { Fault } from "../model/fault.ts";
import { REVEALED, type Revealed } from "../model/policy-spec.ts";
import { type AnswerView, filterAnswer } from "./filters.ts";
import type { ResponseFilter } from "./operation.ts";

const only = (...shorts: string[]): AnswerView => ({ mayName: ({ short }) => shorts.includes(short), reveals: () => false });
const reveals = (...revealed: Revealed[]): AnswerView => ({ mayName: () => true, reveals: (what) => revealed.includes(what) });
const all: AnswerView = { mayName: () => true, reveals: () => true };

function answerOf(scenario: RegExp, path: string): Buffer {
	const found: Exchange | undefined = recordings(scenario).find((exchange) => exchange.path === path && exchange.chunks.length > 0);
	assert.ok(found !== undefined);
	return Buffer.concat(found.chunks);
}

const TAGS = answerOf(/^route-tags$/, "/api/tags");
const PS = answerOf(/^route-ps-loaded$/, "/api/ps");
const SHOW = answerOf(/^route-show-verbose$/, "/api/show");
const V1_MODELS = answerOf(/^route-v1-models$/, "/v1/models");
const filter = (what: ResponseFilter, body: Buffer | string, view: AnswerView) =>
	JSON.parse(filterAnswer(what, Buffer.from(body), view).toString("utf8"));

const malformed: readonly (readonly [what: ResponseFilter, body: string])[] = [
	["tags", "{"],
	["tags", "[]"],
	["tags", "null"],
	["tags", "{}"],
	["tags", '{"models":{}}'],
	["tags", '{"models":["door"]}'],
	["tags", '{"models":[{"name":"door","details":"/root/.ollama"}]}'],
	["ps", '{"error":"x"}'],
	["v1-models", '{"models":[]}'],
	["v1-model", "{}"],
	["v1-model", '{"id":"../x"}'],
	["show", "{}"],
	["show", '"template"'],
	["version", "{}"],
	["version", '{"version":1}'],
];

for (const [what, body] of malformed) {
	test(`${what} fails closed on ${body}`, () => {
		assert.throws(
			() => filterAnswer(what, Buffer.from(body), all),
			(error) => error instanceof Fault && error.code === "upstream-malformed",
		);
	});
}

test("the lists name nothing to who may name nothing", () => {
	for (const [what, body] of [
		["tags", TAGS],
		["ps", PS],
	] as const)
		assert.deepEqual(filter(what, body, only()), { models: [] });
	assert.deepEqual(filter("v1-models", V1_MODELS, only()), { object: "list", data: [] });
	for (const body of [TAGS, PS])
		assert.doesNotMatch(filterAnswer("tags", body, only("door-think:latest")).toString("utf8"), /"door:latest"/);
	assert.throws(() => filterAnswer("v1-model", Buffer.from('{"id":"door"}'), only("other:latest")), Fault);
});

test("the lists keep a permitted model whole", () => {
	const { models } = filter("tags", TAGS, only("door:latest"));
	const recorded = JSON.parse(TAGS.toString("utf8")).models.find(({ name }: { name: string }) => name === "door:latest");
	assert.deepEqual(models, [recorded]);
	assert.deepEqual(
		filter("v1-models", V1_MODELS, only("door:latest")).data.map(({ id }: { id: string }) => id),
		["door:latest"],
	);
	assert.deepEqual(filter("ps", PS, all), JSON.parse(PS.toString("utf8")));
});

test("a list that Go wrote as null is empty", () => {
	assert.deepEqual(filter("tags", '{"models":null}', all), { models: [] });
	assert.deepEqual(filter("v1-models", '{"object":"list","data":null}', all), { object: "list", data: [] });
});

test("an entry whose two names disagree, or whose name cannot be read, is left out", () => {
	const entries = [{ name: "door", model: "secret" }, { name: "http://x/y/z" }, { name: 3 }, { model: "door" }, { name: "door" }];
	assert.deepEqual(filter("tags", JSON.stringify({ models: entries }), only("door:latest")), { models: [{ name: "door" }] });
});

for (const [parent, kept] of [
	["", ""],
	["/root/.ollama/models/blobs/sha256-aa", ""],
	["C:\\models\\x", ""],
	["secret:latest", ""],
	["door:latest", "door:latest"],
] as const) {
	test(`a parent model ${JSON.stringify(parent)} becomes ${JSON.stringify(kept)}`, () => {
		const body = JSON.stringify({ models: [{ name: "door", details: { parent_model: parent, family: "llama" } }] });
		assert.deepEqual(filter("tags", body, only("door:latest")).models[0].details, { parent_model: kept, family: "llama" });
		const shown = JSON.stringify({ details: { parent_model: parent }, model_info: {} });
		assert.equal(filter("show", shown, only("door:latest")).details.parent_model, kept);
	});
}

const FULL = JSON.stringify({
	...JSON.parse(SHOW.toString("utf8")),
	license: "canary-license",
	system: "canary-system",
	template: "canary-template",
	modelfile: "FROM /canary-path",
	messages: [{ role: "user", content: "canary-message" }],
});

test("show reveals nothing that is not granted, and what remains is what clients read", () => {
	const shown = filter("show", FULL, reveals());
	assert.doesNotMatch(JSON.stringify(shown), /canary|\/srv\/ollama/);
	for (const what of REVEALED) assert.equal(what in shown, false);
	for (const key of ["details", "model_info", "capabilities", "modified_at"]) assert.deepEqual(shown[key], JSON.parse(FULL)[key]);
});

for (const what of REVEALED) {
	test(`show reveals ${what} alone when that is granted`, () => {
		const shown = filter("show", FULL, reveals(what));
		assert.deepEqual(
			Object.keys(shown).filter((key) => REVEALED.some((one) => one === key)),
			[what],
		);
	});
}

test("the version is all of the version, and an empty body stays empty", () => {
	assert.deepEqual(filter("version", '{"version":"0.33.0","extra":1}', all), { version: "0.33.0" });
	assert.equal(filterAnswer("tags", Buffer.alloc(0), all).length, 0);
});

test("whatever the answer, a list names only what may be named, or it is a fault", () => {
	const name = fc.constantFrom("door", "Door:latest", "secret", "secret:8b", "library/secret", "x/../secret", "", "acme/door");
	const entry = fc.record(
		{ name: fc.oneof(name, fc.constant(3)), model: name, details: fc.record({ parent_model: name }) },
		{ requiredKeys: [] },
	);
	fc.assert(
		fc.property(fc.array(fc.oneof({ weight: 9, arbitrary: entry }, { weight: 1, arbitrary: fc.constant(null) })), (models) => {
			let text: string;
			try {
				text = filterAnswer("tags", Buffer.from(JSON.stringify({ models })), only("door:latest")).toString("utf8");
			} catch (error) {
				assert.ok(error instanceof Fault);
				return;
			}
			assert.doesNotMatch(text, /secret|acme/);
		}),
	);
});
