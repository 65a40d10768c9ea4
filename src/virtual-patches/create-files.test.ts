import { jsonRequest } from "../../test/support/judged-requests.ts";
import { testPatch } from "../../test/support/patch-cases.ts";
import { createFiles } from "./create-files.ts";

const digest = `sha256:${"0a".repeat(32)}`;
const create = (files: Record<string, string>, field = "files") => jsonRequest("create", { model: "m", [field]: files });

testPatch(
	createFiles,
	[
		["an empty digest (issue 13223)", create({ "a.gguf": "" }), /malformed digest/],
		["an empty digest of an adapter", create({ "a.gguf": "" }, "adapters"), /adapters/],
		["an empty digest of a draft", create({ "a.gguf": "" }, "draft_files"), /draft_files/],
		["a digest that is a path (CVE-2024-37032)", create({ "a.gguf": "sha256:../../../../etc/passwd" }), /malformed digest/],
		["a digest that is too short", create({ "a.gguf": digest.slice(0, -1) }), /malformed digest/],
		["a digest with a line behind it", create({ "a.gguf": `${digest}\n` }), /malformed digest/],
		["a digest that is a number", jsonRequest("create", { model: "m", files: { a: 1 } }), /malformed digest/],
		["a list where an object belongs", jsonRequest("create", { model: "m", files: [digest] }), /not an object/],
		["a path that climbs (CVE-2024-45436)", create({ "../../etc/ld.so.preload": digest }), /leaves its folder/],
		["a path that climbs in the middle", create({ "a/../../b": digest }), /leaves its folder/],
		["an absolute path", create({ "/etc/passwd": digest }), /leaves its folder/],
		["a Windows path", create({ "..\\b": digest }), /leaves its folder/],
		["a drive", create({ "C:b": digest }), /leaves its folder/],
		["an empty path", create({ "": digest }), /leaves its folder/],
		["a path with a null byte", create({ "a\u0000b": digest }), /leaves its folder/],
		["a long path", create({ ["a".repeat(256)]: digest }), /leaves its folder/],
		["a thousand files", create(Object.fromEntries(Array.from({ length: 1025 }, (_, at) => [`f${at}`, digest]))), /1025 entries/],
	],
	[
		["a file", create({ "model.gguf": digest })],
		["a file in a folder", create({ "folder/model-00001-of-00002.safetensors": digest })],
		["the other form of a digest", create({ a: `sha256-${"AB".repeat(32)}` })],
		["no files", jsonRequest("create", { model: "m", from: "gpt" })],
		["nulls", jsonRequest("create", { model: "m", from: "gpt", files: null, adapters: null })],
		["something else's files", jsonRequest("chat", { model: "m", files: { a: "" } })],
	],
);
