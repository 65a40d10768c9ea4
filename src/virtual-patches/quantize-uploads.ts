/** G4: quantising an uploaded file is the step that copies process memory into a model (Bleeding Llama). Off unless the operator turned it on. */
import { isAbsent, isJsonObject, jsonBodyOf } from "./json-body.ts";
import { definePatch, stop } from "./virtual-patch.ts";

export const quantizeUploads = definePatch({
	id: "VP-G4-quantize-uploads",
	title: "A create that quantises uploaded files",
	why:
		"Before 0.17.1 Ollama believes the tensor sizes that an uploaded file claims and reads past it while quantising: memory of the process, " +
		"other users' prompts in it, ends up inside the new model.",
	advisories: ["CVE-2026-7482", "CVE-2026-5757"],
	since: "0.1.0",
	unless: "quantizeUploads",
	operations: ["create"],
	applies(judged) {
		const body = jsonBodyOf(judged);
		if (body === null) return null;
		const asked = ["quantize", "quantization", "draft_quantize"].filter((key) => !isAbsent(body[key]) && body[key] !== "");
		if (asked.length === 0) return null;
		const uploads = ["files", "adapters", "draft_files"].filter((key) => {
			const files = body[key];
			return !isAbsent(files) && !(isJsonObject(files) && Object.keys(files).length === 0);
		});
		return uploads.length === 0 ? null : stop(`${asked.join(" and ")} with ${uploads.join(" and ")}`);
	},
});
