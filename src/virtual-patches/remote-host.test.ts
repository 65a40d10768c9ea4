import { jsonRequest } from "../../test/support/judged-requests.ts";
import { testPatch } from "../../test/support/patch-cases.ts";
import { remoteHost } from "./remote-host.ts";

testPatch(
	remoteHost,
	[
		["a model that is a pointer", jsonRequest("create", { model: "x", from: "y", remote_host: "https://evil.example" }), /remote_host/],
		["a pointer in an unexpected form", jsonRequest("create", { model: "x", from: "y", remote_host: {} }), /remote_host/],
	],
	[
		["a model that is none", jsonRequest("create", { model: "x", from: "y" })],
		["an empty host", jsonRequest("create", { model: "x", from: "y", remote_host: "" })],
		["a chat", jsonRequest("chat", { model: "x", remote_host: "z" })],
	],
);
