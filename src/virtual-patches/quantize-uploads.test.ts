import { jsonRequest } from "../../test/support/judged-requests.ts";
import { testPatch } from "../../test/support/patch-cases.ts";
import { quantizeUploads } from "./quantize-uploads.ts";

const files = { "m.gguf": `sha256:${"a".repeat(64)}` };

testPatch(
	quantizeUploads,
	[
		["the second step of CVE-2026-7482", jsonRequest("create", { model: "x", files, quantize: "F32" }), /quantize with files/],
		["the same by its old name", jsonRequest("create", { model: "x", files, quantization: "q4_0" }), /quantization with files/],
		[
			"a draft",
			jsonRequest("create", { model: "x", from: "y", draft_files: files, draft_quantize: "q4_0" }),
			/draft_quantize with draft_files/,
		],
		["an adapter", jsonRequest("create", { model: "x", from: "y", adapters: files, quantize: "q4_0" }), /quantize with adapters/],
		["files in an unexpected form", jsonRequest("create", { model: "x", files: "m.gguf", quantize: "q4_0" }), /quantize with files/],
	],
	[
		["files as they are", jsonRequest("create", { model: "x", files })],
		["files and an empty wish", jsonRequest("create", { model: "x", files, quantize: "" })],
		["the quantising of a model that is there", jsonRequest("create", { model: "x", from: "y", quantize: "q4_K_M" })],
		["the same with empty files", jsonRequest("create", { model: "x", from: "y", quantize: "q4_K_M", files: {} })],
		["a chat", jsonRequest("chat", { model: "x", files, quantize: "q4_0" })],
	],
);
