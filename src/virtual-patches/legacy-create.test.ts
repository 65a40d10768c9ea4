import { jsonRequest } from "../../test/support/judged-requests.ts";
import { testPatch } from "../../test/support/patch-cases.ts";
import { legacyCreate } from "./legacy-create.ts";

testPatch(
	legacyCreate,
	[
		["the question for a file (CVE-2024-39719)", jsonRequest("create", { name: "x", path: "/etc/passwd" }), /path is set/],
		["an endless file (CVE-2024-39721)", jsonRequest("create", { name: "x", path: "/dev/random" }), /path is set/],
		["a Modelfile", jsonRequest("create", { name: "x", modelfile: "FROM /etc/passwd" }), /modelfile is set/],
		["a path in an unexpected form", jsonRequest("create", { name: "x", path: [] }), /path is set/],
	],
	[
		["a create of today", jsonRequest("create", { model: "x", from: "y" })],
		["empty keys, which say nothing", jsonRequest("create", { model: "x", from: "y", path: "", modelfile: null })],
		["another operation's path", jsonRequest("chat", { model: "x", path: "/etc/passwd" })],
	],
);
