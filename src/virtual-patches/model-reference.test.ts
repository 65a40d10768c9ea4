import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { jsonRequest, nameOf } from "../../test/support/judged-requests.ts";
import { testPatch } from "../../test/support/patch-cases.ts";
import { parseModelName } from "../model/parse-model-name.ts";
import type { JudgedRequest, ModelUse } from "../ollama/judged-request.ts";
import { modelReference } from "./model-reference.ts";

/** A pull of a name that the parser would not have made: the parts are put in as they are. */
function pullOf(parts: Partial<ModelUse["name"]>): JudgedRequest {
	const name = { ...nameOf("gpt"), ...parts };
	const full = parts.full ?? `${name.host}/${name.namespace}/${name.model}:${name.tag}`;
	return { ...jsonRequest("pull", {}), models: [{ role: "fetch", field: "model", name: { ...name, full, short: full } }] };
}

testPatch(
	modelReference,
	[
		["a traversal in the model (CVE-2024-39722)", pullOf({ model: "../../../etc/passwd" }), /canonical/],
		["two dots in a tag", pullOf({ tag: "a..b" }), /canonical/],
		["a scheme (CVE-2024-37032)", pullOf({ host: "http://evil.example" }), /canonical/],
		["user info", pullOf({ host: "user@evil.example" }), /canonical/],
		["a percent sign", pullOf({ model: "a%2fb" }), /canonical/],
		["a backslash", pullOf({ model: "a\\b" }), /canonical/],
		["a blank", pullOf({ model: " gpt" }), /canonical/],
		["a control character", pullOf({ model: "gpt\u0000" }), /canonical/],
		["a letter that is not ASCII", pullOf({ model: "gp\u0442" }), /canonical/],
		["upper case, which policy would not compare", pullOf({ model: "GPT" }), /canonical/],
		["an empty part", pullOf({ model: "" }), /canonical/],
		["a name whose parts do not make its whole", pullOf({ full: "registry.ollama.ai/library/other:latest" }), /canonical/],
		["a name of 700 letters", pullOf({ host: "h".repeat(700) }), /canonical/],
		["a port", pullOf({ host: "registry.example:8080" }), /has a port/],
		["an address (CVE-2026-5530)", pullOf({ host: "169.254.169.254" }), /is an address/],
		["an address as one number", pullOf({ host: "2130706433" }), /is an address/],
		["an address in hexadecimal", pullOf({ host: "0x7f.1" }), /is an address/],
		["an address with a hexadecimal end", pullOf({ host: "127.0.0.0x1" }), /is an address/],
		["a push to an address", { ...pullOf({ host: "10.0.0.1" }), operation: jsonRequest("push", {}).operation }, /is an address/],
		["a copy to a port", jsonRequest("copy", { source: "gpt", destination: "evil.example:1/a/b" }), /destination: .*has a port/],
		["a create from an address", jsonRequest("create", { model: "x", from: "127.0.0.1/a/b" }), /from: .*is an address/],
	],
	[
		["a plain name", jsonRequest("pull", { model: "llama3.2" })],
		["a whole name", jsonRequest("pull", { model: "registry.ollama.ai/library/llama3.2:1b" })],
		["another registry, which is the policy's matter", jsonRequest("pull", { model: "hf.co/acme/gpt:q4_0" })],
		["a host that begins with digits", jsonRequest("pull", { model: "4chan.example/a/b" })],
		["the deletion of what came from a port", jsonRequest("delete", { model: "registry.example:5000/a/b" })],
		["a chat with what came from an address", jsonRequest("chat", { model: "10.0.0.1/a/b" })],
	],
);

test("whatever the parser accepts is canonical here as well", () => {
	const text = fc.string({ unit: fc.constantFrom(..."abcXYZ019._-:/".split("")), minLength: 1, maxLength: 40, size: "max" });
	fc.assert(
		fc.property(text, (written) => {
			const name = parseModelName(written);
			if (name === null) return;
			const request: JudgedRequest = { ...jsonRequest("chat", {}), models: [{ role: "use", field: "model", name }] };
			assert.equal(modelReference.applies(request), null, name.full);
		}),
		{ numRuns: 3000 },
	);
});
