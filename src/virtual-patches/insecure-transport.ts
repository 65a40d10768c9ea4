/** G3: `insecure` switches certificate checks off and plain HTTP on, for a registry that the caller names. Nobody may ask for that. */
import { isAbsent, jsonBodyOf } from "./json-body.ts";
import { definePatch, stop } from "./virtual-patch.ts";

export const insecureTransport = definePatch({
	id: "VP-G3-insecure-transport",
	title: "A pull or push that asks for an unprotected connection",
	why:
		"With insecure set, Ollama talks plain HTTP to the named host and believes any certificate: whoever sits between chooses the manifest, " +
		"which is how Probllama and the push stage of Bleeding Llama are delivered.",
	advisories: ["CVE-2024-37032", "CVE-2024-12886", "CVE-2025-51471", "CVE-2026-7482"],
	since: "0.1.0",
	unless: null,
	operations: ["pull", "push"],
	applies(judged) {
		const insecure = jsonBodyOf(judged)?.["insecure"];
		return isAbsent(insecure) || insecure === false ? null : stop("insecure is set");
	},
});
