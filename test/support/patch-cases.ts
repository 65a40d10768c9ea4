/** Runs one virtual patch over a table: first what it stops, then what it lets pass. */
import assert from "node:assert/strict";
import { test } from "node:test";

import type { JudgedRequest } from "../../src/ollama/judged-request.ts";
import type { VirtualPatch } from "../../src/virtual-patches/virtual-patch.ts";

export type Stopped = readonly (readonly [what: string, request: JudgedRequest, detail: RegExp])[];
export type Passed = readonly (readonly [what: string, request: JudgedRequest])[];

export function testPatch(patch: VirtualPatch, stopped: Stopped, passed: Passed): void {
	for (const [what, request, detail] of stopped) {
		test(`${patch.id} stops ${what}`, () => {
			assert.ok(concerns(patch, request), "is not asked about this operation");
			const stop = patch.applies(request) ?? assert.fail("let through");
			assert.equal(stop.stop, true);
			assert.match(stop.detail, detail);
		});
	}
	for (const [what, request] of passed) {
		test(`${patch.id} lets ${what} pass`, () => assert.equal(concerns(patch, request) ? patch.applies(request) : null, null));
	}
}

function concerns({ operations }: VirtualPatch, { operation }: JudgedRequest): boolean {
	return operations === null || operations.includes(operation.id);
}
