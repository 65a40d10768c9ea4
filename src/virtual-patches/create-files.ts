/**
 * G4: what `create` builds from is named by whole digests under plain relative paths.
 *
 * An empty digest made Ollama print the path of its blob folder; a made-up one was a way out of that folder; a file name with `..` was
 * the way into other folders when an archive was taken apart.
 */
import { isAbsent, isJsonObject, jsonBodyOf } from "./json-body.ts";
import { definePatch, stop } from "./virtual-patch.ts";

const DIGEST = /^sha256[:-][0-9a-fA-F]{64}$/;
const MAX_FILES = 1024;
const MAX_PATH = 255;

export const createFiles = definePatch({
	id: "VP-G4-create-files",
	title: "A create whose files have no proper digest or no plain name",
	why: "An empty digest leaks a file system path in the error text; a malformed one or a name with '..' is a traversal on old releases.",
	advisories: ["OLLAMA-13223", "CVE-2024-37032", "CVE-2024-45436", "CVE-2024-7773"],
	since: "0.1.0",
	unless: null,
	operations: ["create"],
	applies(judged) {
		const body = jsonBodyOf(judged);
		if (body === null) return null;
		for (const field of ["files", "adapters", "draft_files"]) {
			const files = body[field];
			if (isAbsent(files)) continue;
			if (!isJsonObject(files)) return stop(`${field} is not an object`);
			const entries = Object.entries(files);
			if (entries.length > MAX_FILES) return stop(`${field} has ${entries.length} entries`);
			for (const [path, digest] of entries) {
				if (typeof digest !== "string" || !DIGEST.test(digest)) return stop(`${field} has an empty or malformed digest`);
				if (!isPlainPath(path)) return stop(`${field} has a path that leaves its folder`);
			}
		}
		return null;
	},
});

function isPlainPath(path: string): boolean {
	if (path.length === 0 || path.length > MAX_PATH) return false;
	if (/[\\:]|\p{Cc}/u.test(path)) return false;
	return path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}
