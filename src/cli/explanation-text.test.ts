import assert from "node:assert/strict";
import { test } from "node:test";

import type { Explanation } from "../admin/admin-deps.ts";
import { explanationLines } from "./explanation-text.ts";

const DENIED: Explanation = {
	subject: "role user",
	role: "user",
	operation: null,
	class: null,
	models: [],
	amended: null,
	permitted: false,
	reason: "network-denied",
	status: 401,
	detail: "x",
	rules: [{ id: "door-networks", title: "door", verdict: "refused", detail: "192.0.2.1 is denied by 192.0.2.0/24" }],
};

test("whom the door does not let in reads nothing, and is told so", () => {
	const text = textOf(DENIED);
	assert.match(text, /^denied {2}401 network-denied$/m);
	assert.match(text, /192\.0\.2\.1 is denied by 192\.0\.2\.0\/24/);
	assert.match(text, /^the caller reads nothing: the connection is closed/m);
});

test("whom the role's networks do not let in reads what a wrong credential reads", () => {
	const door = { id: "door-networks", title: "door", verdict: "passed", detail: null } as const;
	const role = { id: "role-networks", title: "role", verdict: "refused", detail: "192.0.2.1 is in none" } as const;
	assert.match(textOf({ ...DENIED, rules: [door, role] }), /^the caller reads: a valid credential is needed/m);
});

function textOf(explanation: Explanation): string {
	return explanationLines(explanation, { paint: (_style, text) => text }).join("\n");
}
