import assert from "node:assert/strict";
import { test } from "node:test";

import { findProgram } from "./real-program.ts";

test("a program that is here is found, wherever the shell would find it", () => {
	const found = findProgram({ name: "sh", package: null, origin: "" });
	assert.ok("path" in found && found.path.endsWith("/sh"));
});

test("one that is not, and that nobody may install, says what to do", (t) => {
	const allowed = process.env["REMPART_TEST_INSTALL"];
	process.env["REMPART_TEST_INSTALL"] = "no";
	t.after(() => {
		if (allowed === undefined) delete process.env["REMPART_TEST_INSTALL"];
		else process.env["REMPART_TEST_INSTALL"] = allowed;
	});
	const name = "no-such-program-of-rempart";
	assert.deepEqual(findProgram({ name, package: "some-package", origin: "" }), {
		absent: `${name} is not on this machine: apt-get install some-package`,
	});
	assert.deepEqual(findProgram({ name, package: null, origin: "https://example.org" }), {
		absent: `${name} is not on this machine: install it from https://example.org`,
	});
});
