import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { bareRequest, operationOf } from "../../test/support/judged-requests.ts";
import type { JsonObject, JsonValue, JudgedRequest } from "../ollama/judged-request.ts";
import { OPERATIONS } from "../ollama/operations.ts";
import { VIRTUAL_PATCHES } from "./index.ts";

test("patches are sorted by id, unique, frozen and explained", () => {
	const ids = VIRTUAL_PATCHES.map(({ id }) => id);
	assert.deepEqual(ids, [...new Set(ids)].sort());
	for (const patch of VIRTUAL_PATCHES) {
		assert.ok(Object.isFrozen(patch));
		assert.match(patch.id, /^VP-G(?:[1-9]|1[0-2])-[a-z0-9-]+$/);
		assert.ok(patch.title.length > 10 && patch.why.length > 40, patch.id);
		assert.match(patch.since, /^\d+\.\d+\.\d+$/);
	}
});

test("a patch is asked about operations that exist", () => {
	const ids = new Set(OPERATIONS.map(({ id }) => id));
	for (const { id, operations } of VIRTUAL_PATCHES) assert.ok(operations?.every((operation) => ids.has(operation)) ?? true, id);
});

test("no patch concerns a request that has nothing but its route", () => {
	for (const { id } of OPERATIONS) {
		for (const patch of VIRTUAL_PATCHES) assert.equal(patch.applies(bareRequest(id)), null, `${patch.id} on ${id}`);
	}
});

test("no patch throws, whatever the body", () => {
	const keys =
		"model from files adapters quantize remote_host path insecure messages images content input tools options parameters source image_url url";
	const { json } = fc.letrec<{ json: JsonValue; object: JsonObject }>((tie) => ({
		json: fc.oneof(
			{ maxDepth: 4 },
			fc.constantFrom<JsonValue>(null, true, 0, -1, 1e300, "", "x", "AAAA", "data:image/png;base64,AAAA", JSON.rawJSON("1".repeat(30))),
			fc.array(tie("json"), { maxLength: 3 }),
			tie("object"),
		),
		object: fc.dictionary(fc.constantFrom(...keys.split(" "), "num_ctx", "__proto__"), tie("json"), { maxKeys: 5 }),
	}));
	const body = fc.dictionary(fc.constantFrom(...keys.split(" ")), json, { maxKeys: 8 });
	const ids = OPERATIONS.filter(({ body: kind }) => kind === "json").map(({ id }) => id);
	fc.assert(
		fc.property(fc.constantFrom(...ids), body, (id, value) => {
			const request: JudgedRequest = { ...bareRequest(id), operation: operationOf(id), body: { kind: "json", value } };
			for (const patch of VIRTUAL_PATCHES) {
				const stopped = patch.applies(request);
				assert.ok(stopped === null || (stopped.stop && stopped.detail !== ""));
			}
		}),
		{ numRuns: 1000 },
	);
});
