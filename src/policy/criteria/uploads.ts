import { isAbsent, isJsonObject, jsonBodyOf } from "../../virtual-patches/json-body.ts";
import { defineCriterion, PASS, refuse } from "../criterion.ts";

/**
 * G6: files of one's own, as blobs and as what a create is made of, are a right apart from managing.
 *
 * A create that names blobs needs the same right although nothing is uploaded by it: a digest reaches any blob of the store, those of models
 * that the caller may not name included.
 */
export const uploads = defineCriterion({
	id: "uploads",
	title: "Files are brought in by those who may upload",
	why: "A model file is code-adjacent: most memory errors of Ollama and llama.cpp start with one.",
	reasons: ["class-denied"],
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
	concerns: ({ subject, operation }) => !subject.uploads && (operation.body === "blob" || operation.id === "create"),
	judge({ subject, judged }) {
		if (subject.uploads) return PASS;
		if (judged.body.kind === "blob") return refuse("class-denied", `role ${subject.role} may not upload`);
		if (judged.operation.id !== "create") return PASS;
		const body = jsonBodyOf(judged);
		for (const field of ["files", "adapters", "draft_files"]) {
			const files = body?.[field];
			if (isAbsent(files) || (isJsonObject(files) && Object.keys(files).length === 0)) continue;
			return refuse("class-denied", `${field}: role ${subject.role} may not upload`);
		}
		return PASS;
	},
});
