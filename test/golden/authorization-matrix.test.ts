/**
 * What every role may do, as a text that is read in review: one line for each role and representative request.
 *
 * `UPDATE_GOLDEN=1` writes the texts again; the difference is then part of the change and reads the way the change was described.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";

import { findOperation, OPERATIONS } from "../../src/ollama/operations.ts";
import { understand } from "../../src/ollama/understand.ts";
import { BUILT_IN_ROLES } from "../../src/policy/built-in-roles.ts";
import { evaluate } from "../../src/policy/evaluate.ts";
import { DEFAULT_POLICY, principalOf } from "../support/policies.ts";
import { OLLAMA_ROUTES, REPRESENTATIVES, type Representative } from "./representative-requests.ts";

const ROLES = [...Object.keys(BUILT_IN_ROLES), "unconfigured"];

test("the authorization matrix is as it was agreed", () => {
	const lines = ROLES.flatMap((role) => REPRESENTATIVES.map((representative) => lineOf(role, representative)));
	compare("authorization-matrix.txt", [HEAD, ...lines]);
});

test("no operation is without a representative and no route of Ollama without an operation", () => {
	const covered = new Set(REPRESENTATIVES.map(({ operation }) => operation));
	const withoutRequest = OPERATIONS.filter(({ id }) => !covered.has(id)).map(({ id }) => `operation ${id}`);
	const withoutOperation = OLLAMA_ROUTES.filter((route) => {
		const [method = "", path = ""] = route.split(" ");
		return "unknown" in findOperation(method, path);
	});
	const uncovered = [...withoutRequest, ...withoutOperation.map((route) => `route ${route}`)];
	assert.deepEqual(uncovered, [], "uncovered-routes.txt must stay empty");
	compare("uncovered-routes.txt", uncovered);
});

const HEAD = "# role, operation, request: decision (GENERATED: UPDATE_GOLDEN=1)";

function lineOf(role: string, representative: Representative): string {
	const { operation, what } = representative;
	return `${role.padEnd(12)} ${operation.padEnd(24)} ${what.padEnd(46)} ${decisionOn(role, representative)}`;
}

function decisionOn(role: string, { operation, method, path, body, contentType, length = null }: Representative): string {
	const found = findOperation(method, path);
	if ("unknown" in found) return assert.fail(`${method} ${path} is no operation`);
	assert.equal(found.operation.id, operation);
	const bytes = body === null || Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
	const judged = understand(
		{ ...found, method, contentType: contentType ?? (bytes === null ? undefined : "application/json"), body: bytes, bodyLength: length },
		{ maxDepth: 32, maxMembers: 10_000 },
	);
	if (!judged.permitted) return `deny   ${judged.reason} (before it is authorised)`;
	const decision = evaluate(DEFAULT_POLICY, principalOf(role), judged.value);
	if (!decision.permitted) return `deny   ${decision.reason}${decision.reason === "virtual-patch" ? ` ${patchOf(decision.detail)}` : ""}`;
	const { amendments } = decision.value;
	return amendments.length === 0 ? "permit" : `permit (${amendments.join("; ")})`;
}

function patchOf(detail: string | null): string {
	return detail?.split(":")[0] ?? "";
}

function compare(name: string, lines: readonly string[]): void {
	const file = new URL(name, import.meta.url);
	const now = lines.length === 0 ? "" : `${lines.join("\n")}\n`;
	if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(file, now);
	assert.equal(now, readFileSync(file, "utf8"), `${name} has changed; run again with UPDATE_GOLDEN=1 and read the difference`);
}
