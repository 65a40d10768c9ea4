/**
 * G6: what is known of an upload before its first byte. The bytes themselves are checked by `gguf-guard.ts`, under the same id, as they pass.
 */
import { GGUF_GUARD_ID } from "./gguf-guard.ts";
import { MIN_GGUF_BYTES } from "./gguf-header.ts";
import { definePatch, stop } from "./virtual-patch.ts";

const DIGEST = /^sha256[:-][0-9a-fA-F]{64}$/;

export const ggufUpload = definePatch({
	id: GGUF_GUARD_ID,
	title: "An uploaded file that is not a well-formed GGUF file",
	why:
		"Ollama's readers of model files believed what a file says of itself: they divided by its zeros, followed its missing fields, allocated " +
		"what it claimed, read behind its end, and unpacked archives to wherever their names point.",
	advisories: [
		"CVE-2024-39720",
		"CVE-2024-45436",
		"CVE-2024-7773",
		"CVE-2024-8063",
		"CVE-2024-12055",
		"CVE-2025-0312",
		"CVE-2025-0313",
		"CVE-2025-0315",
		"CVE-2025-0317",
		"CVE-2025-66959",
		"CVE-2025-66960",
		"CVE-2026-5757",
		"CVE-2026-7482",
		"CVE-2026-65315",
		"OLLAMA-MLLAMA-OOB",
	],
	since: "0.1.0",
	unless: null,
	operations: ["blob-upload"],
	applies({ body }) {
		if (body.kind !== "blob") return null;
		if (!DIGEST.test(body.digest)) return stop("the digest is not a SHA-256");
		return body.length !== null && body.length < MIN_GGUF_BYTES ? stop(`${body.length} bytes are too few for a GGUF file`) : null;
	},
});
