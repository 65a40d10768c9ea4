/** G5: until 0.5.5 `create` opened the file that `path` named and ran the Modelfile in `modelfile`. Nothing of today sends either. */
import { isAbsent, jsonBodyOf } from "./json-body.ts";
import { definePatch, stop } from "./virtual-patch.ts";

export const legacyCreate = definePatch({
	id: "VP-G5-legacy-create",
	title: "A create with the old keys path or modelfile",
	why:
		"Old releases open any path they are given: the error text tells which files exist, and /dev/random keeps a thread busy for ever. " +
		"A Modelfile names files of the server in the same way.",
	advisories: ["CVE-2024-39719", "CVE-2024-39721"],
	since: "0.1.0",
	unless: null,
	operations: ["create"],
	applies(judged) {
		const body = jsonBodyOf(judged);
		if (body === null) return null;
		for (const key of ["path", "modelfile"]) {
			if (!isAbsent(body[key]) && body[key] !== "") return stop(`${key} is set`);
		}
		return null;
	},
});
