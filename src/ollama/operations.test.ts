import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { findOperation, OPERATIONS } from "./operations.ts";
import { SHAPES } from "./shapes/shapes.ts";

const unknownPaths: readonly (readonly [why: string, path: string])[] = [
	["is escaped, which Ollama undoes", "/api/%70ull"],
	["has an escaped slash, which Ollama undoes", "/api%2Fpull"],
	["has two slashes, which Ollama redirects", "//api/tags"],
	["has an empty segment", "/api//tags"],
	["has a dot segment", "/api/./tags"],
	["climbs", "/x/../api/tags"],
	["ends with a slash", "/api/tags/"],
	["is in capitals", "/API/tags"],
	["has a backslash", "/api\\tags"],
	["has a path parameter", "/api/tags;x=1"],
	["ends in an escaped zero byte", "/api/tags%00"],
	["ends in an escaped space", "/api/tags%20"],
	["is an absolute form", "http://127.0.0.1:11434/api/tags"],
	["has no value for its parameter", "/api/blobs/"],
	["has a segment behind its parameter", "/v1/models/a/b"],
	["counts tokens, which Ollama does not (recorded)", "/v1/messages/count_tokens"],
	["is nothing of Ollama's", "/metrics"],
	["is empty", ""],
	["is a member of every object", "__proto__"],
];

for (const [why, path] of unknownPaths) {
	test(`does not know a path that ${why}: ${path}`, () => assert.deepEqual(findOperation("POST", path), { unknown: "path" }));
}

const wrongMethods: readonly (readonly [method: string, path: string, allow: readonly string[]])[] = [
	["GET", "/api/generate", ["POST"]],
	["PUT", "/api/pull", ["POST"]],
	["TRACE", "/", ["GET", "HEAD"]],
	["OPTIONS", "/api/chat", ["POST"]],
	["get", "/api/tags", ["GET", "HEAD"]],
	["GET", "/api/blobs/sha256:aa", ["POST", "HEAD"]],
	["PUT", "/api/experimental/aliases", ["GET", "POST", "DELETE"]],
];

for (const [method, path, allow] of wrongMethods) {
	test(`says what ${path} allows when asked with ${method}`, () =>
		assert.deepEqual(findOperation(method, path), { unknown: "method", allow }));
}

/** threats §1.1, row by row, then what only older servers have. */
const routes: readonly (readonly [method: string, path: string, id: string])[] = [
	["GET", "/", "root"],
	["HEAD", "/", "root"],
	["GET", "/api/version", "version"],
	["HEAD", "/api/version", "version"],
	["GET", "/api/status", "status"],
	["GET", "/api/tags", "tags"],
	["HEAD", "/api/tags", "tags"],
	["GET", "/api/ps", "ps"],
	["POST", "/api/show", "show"],
	["POST", "/api/pull", "pull"],
	["POST", "/api/push", "push"],
	["POST", "/api/create", "create"],
	["POST", "/api/copy", "copy"],
	["DELETE", "/api/delete", "delete"],
	["POST", "/api/blobs/sha256:aa", "blob-upload"],
	["HEAD", "/api/blobs/sha256:aa", "blob-check"],
	["POST", "/api/me", "me"],
	["POST", "/api/signout", "signout"],
	["DELETE", "/api/user/keys/abc", "user-key-delete"],
	["POST", "/api/experimental/web_search", "web-search"],
	["POST", "/api/experimental/web_fetch", "web-fetch"],
	["GET", "/api/experimental/model-recommendations", "model-recommendations"],
	["POST", "/api/generate", "generate"],
	["POST", "/api/chat", "chat"],
	["POST", "/api/embed", "embed"],
	["POST", "/api/embeddings", "embeddings"],
	["POST", "/v1/chat/completions", "v1-chat-completions"],
	["POST", "/v1/completions", "v1-completions"],
	["POST", "/v1/embeddings", "v1-embeddings"],
	["GET", "/v1/models", "v1-models"],
	["GET", "/v1/models/door", "v1-model"],
	["POST", "/v1/responses", "v1-responses"],
	["POST", "/v1/audio/transcriptions", "v1-audio-transcriptions"],
	["POST", "/v1/messages", "v1-messages"],
	["POST", "/v1/images/generations", "v1-images-generations"],
	["POST", "/v1/images/edits", "v1-images-edits"],
	["GET", "/api/experimental/aliases", "aliases-list"],
	["POST", "/api/experimental/aliases", "aliases-set"],
	["DELETE", "/api/experimental/aliases", "aliases-delete"],
];

for (const [method, path, id] of routes) {
	test(`finds ${id} at ${method} ${path}`, () => {
		const found = findOperation(method, path);
		assert.ok("operation" in found);
		assert.equal(found.operation.id, id);
		assert.equal(found.parameter, found.operation.path.includes(":") ? path.slice(path.lastIndexOf("/") + 1) : null);
	});
}

test("the table above names every operation and method, and nothing else is in the table", () => {
	const listed = OPERATIONS.flatMap(({ id, methods }) => methods.map((method) => `${method} ${id}`));
	assert.deepEqual(listed.toSorted(), routes.map(([method, , id]) => `${method} ${id}`).toSorted());
	assert.equal(new Set(OPERATIONS.map(({ id }) => id)).size, OPERATIONS.length);
});

test("every operation with a JSON body has a shape that knows its models, and no shape is left over", () => {
	const withJson = OPERATIONS.filter(({ body }) => body === "json");
	assert.deepEqual([...SHAPES.keys()].toSorted(), withJson.map(({ id }) => id).toSorted());
	for (const { id, models, streams } of withJson) {
		for (const { name } of models) assert.ok(SHAPES.get(id)?.known.has(name), `${id} lacks ${name}`);
		assert.equal(SHAPES.get(id)?.known.has("stream"), streams !== "never", `${id} streams as its shape says`);
	}
});

test("never finds an operation for a path that is not literally one of the table", () => {
	const pathLike = fc.string({
		unit: fc.constantFrom(..."/apitgsv1%2F.:models".split(""), "/api", "/v1", "/tags"),
		maxLength: 12,
		size: "max",
	});
	const prefixes = ["/api/blobs/", "/v1/models/", "/api/user/keys/"];
	fc.assert(
		fc.property(pathLike, (path) => {
			const found = findOperation("GET", path);
			if ("unknown" in found && found.unknown === "path") return;
			const parameterised = prefixes.some((prefix) => path.startsWith(prefix) && !path.slice(prefix.length).includes("/"));
			assert.ok(parameterised || OPERATIONS.some((operation) => operation.path === path), path);
		}),
	);
});
