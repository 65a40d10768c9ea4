import { bareRequest, blobRequest } from "../../test/support/judged-requests.ts";
import { testPatch } from "../../test/support/patch-cases.ts";
import { ggufUpload } from "./gguf-upload.ts";

testPatch(
	ggufUpload,
	[
		["four bytes (CVE-2024-39720)", blobRequest(4), /4 bytes are too few/],
		["nothing", blobRequest(0), /0 bytes are too few/],
		["an upload under no digest", blobRequest(1000, "sha256:"), /not a SHA-256/],
		["an upload under a path", blobRequest(1000, `sha256:../../${"a".repeat(58)}`), /not a SHA-256/],
	],
	[
		["an upload", blobRequest(5_000_000_000)],
		["an upload of unknown length", blobRequest(null)],
		["the question whether a file is there", bareRequest("blob-check", `sha256:${"a".repeat(64)}`)],
	],
);
