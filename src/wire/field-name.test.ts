import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { fieldName, hashStep } from "./field-name.ts";
import { TOKEN_LOWER } from "./octets.ts";

const TOKEN = fc.stringMatching(/^[!#$%&'*+.^`|~0-9A-Za-z-]{1,40}$/);
const KNOWN = fc.constantFrom("host", "Content-Length", "TRANSFER-ENCODING", "x-Api-kEy", "Authorization", "X-Stainless-Helper-Method");

function read(name: string): string {
	const bytes = Buffer.from(`: ${name}: `, "latin1");
	const hash = [...Buffer.from(name, "latin1")].reduce((sum, octet) => hashStep(sum, TOKEN_LOWER[octet] ?? 0), 0);
	return fieldName(bytes, 2, 2 + name.length, hash);
}

test("reads a name in lower case, known or not", () => {
	fc.assert(fc.property(fc.oneof(TOKEN, KNOWN), (name) => assert.equal(read(name), name.toLowerCase())));
});

test("takes no name for a known one that differs in one character", () => {
	fc.assert(
		fc.property(KNOWN, fc.nat(), fc.stringMatching(/^[!#$%&'*+.^`|~0Zaz-]$/), (name, at, other) => {
			const changed = name.slice(0, at % name.length) + other + name.slice((at % name.length) + 1);
			assert.equal(read(changed), changed.toLowerCase());
		}),
	);
});

test("takes no name for a known one that has the same hash", () => {
	const bytes = Buffer.from("hos\u0023:", "latin1");
	const hashOfHost = [...Buffer.from("host")].reduce(hashStep, 0);
	assert.equal(fieldName(bytes, 0, 4, hashOfHost), "hos#");
});
