import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { bind, type Shape } from "./bind.ts";
import { JsonProblem } from "./go-json.ts";

const SHAPE: Shape = {
	struct: "Request",
	package: "api",
	fields: {
		model: "string",
		insecure: "bool",
		count: "int",
		ratio: "float64",
		tokens: "[]int",
		words: "[]string",
		options: "map[string]interface {}",
		any: "any",
	},
};
const bound = (text: string) => bind(Buffer.from(text), SHAPE);

const refusals: readonly (readonly [text: string, found: string])[] = [
	["[]", "array into Go value of type api.Request"],
	['{"model":3}', "number into Go struct field Request.model of type string"],
	['{"insecure":"yes"}', "string into Go struct field Request.insecure of type bool"],
	['{"count":1.5}', "number 1.5 into Go struct field Request.count of type int"],
	['{"tokens":{}}', "object into Go struct field Request.tokens of type []int"],
	['{"tokens":["a"]}', "string into Go struct field Request.tokens of type int"],
	['{"words":[1]}', "number into Go struct field Request.words of type string"],
	['{"options":[]}', "array into Go struct field Request.options of type map[string]interface {}"],
	['{"options":{"a":[1e400]}}', "number 1e400 into Go struct field Request.options of type float64"],
];

for (const [text, found] of refusals) {
	test(`refuses ${text} in Go's words`, () => {
		assert.throws(() => bound(text), new JsonProblem(`json: cannot unmarshal ${found}`));
	});
}

test("names the first of several wrong fields", () => {
	assert.throws(() => bound('{"insecure":1,"model":2}'), /Request\.insecure/);
});

test("takes the later of two keys, whatever their case", () => {
	assert.equal(bound('{"model":"a","Model":"b"}').string("model"), "b");
	assert.equal(bound('{"MODEL":"a","model":"b"}').string("model"), "b");
});

test("takes a long s for an s, which is how insecure pulls are smuggled", () => {
	assert.equal(bound('{"in\u017fecure":true}').bool("insecure"), true);
});

test("leaves a field as it was for null", () => {
	assert.equal(bound('{"model":"a","model":null}').string("model"), "a");
	assert.equal(bound("null").string("model"), "");
});

test("ignores what it does not know", () => {
	fc.assert(
		fc.property(
			fc.dictionary(
				fc.string().map((key) => `x${key}`),
				fc.jsonValue(),
			),
			(value) => assert.equal(bound(JSON.stringify(value)).any("model"), null),
		),
	);
});
