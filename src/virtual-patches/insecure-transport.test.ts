import { bareRequest, jsonRequest } from "../../test/support/judged-requests.ts";
import { testPatch } from "../../test/support/patch-cases.ts";
import { insecureTransport } from "./insecure-transport.ts";

testPatch(
	insecureTransport,
	[
		["a pull over plain HTTP (CVE-2024-37032)", jsonRequest("pull", { model: "gpt", insecure: true }), /insecure/],
		["a push over plain HTTP (CVE-2026-7482)", jsonRequest("push", { model: "gpt", insecure: true }), /insecure/],
		["a text where a bool belongs", jsonRequest("pull", { model: "gpt", insecure: "false" }), /insecure/],
		["a number where a bool belongs", jsonRequest("pull", { model: "gpt", insecure: 0 }), /insecure/],
	],
	[
		["a pull", jsonRequest("pull", { model: "gpt" })],
		["a pull that says so", jsonRequest("pull", { model: "gpt", insecure: false })],
		["a null", jsonRequest("pull", { model: "gpt", insecure: null })],
		["a list of models", bareRequest("tags")],
	],
);
