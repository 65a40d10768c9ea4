/**
 * What is publicly known to be wrong with Ollama, and where Rempart stops it.
 *
 *  - `request`: at least one virtual patch or policy criterion names the advisory; a test walks this table.
 *  - `gateway`: a property of the connection (Host, credential), stopped before a request is understood.
 *  - `none`: not reachable through the HTTP interface; only a newer Ollama helps.
 *  - Entries without a CVE number carry the number of the issue or change that tells of them (`OLLAMA-…`).
 */
interface Advisory<Id extends string = string> {
	readonly id: Id;
	readonly weakness: string;
	readonly stoppedBy: "request" | "gateway" | "none";
}

/** What a patch or a criterion may name: what is in no row does not compile. */
export type AdvisoryId = (typeof ADVISORIES)[number]["id"];

export const ADVISORIES = [
	{ id: "CVE-2024-28224", weakness: "DNS rebinding drives a server on the loopback interface", stoppedBy: "gateway" },
	request("CVE-2024-37032", "digest of a manifest not validated: traversal, remote code (Probllama)"),
	request("CVE-2024-39719", "error text of create tells which files exist"),
	request("CVE-2024-39720", "four-byte GGUF file: read out of bounds"),
	request("CVE-2024-39721", "create with /dev/random: a thread that never ends"),
	request("CVE-2024-39722", "traversal in push tells which files exist"),
	request("CVE-2024-45436", "zip upload unpacks outside its folder"),
	request("CVE-2024-7773", "zip upload unpacks outside its folder, as reported for 0.1.37"),
	request("CVE-2024-8063", "division by block_count 0"),
	request("CVE-2024-12055", "GGUF: read out of bounds"),
	request("CVE-2024-12886", "unbounded answer of a hostile registry"),
	request("CVE-2025-0312", "GGUF: null dereference"),
	request("CVE-2025-0313", "GGUF: array index"),
	request("CVE-2025-0315", "GGUF: unbounded allocation"),
	request("CVE-2025-0317", "GGUF: division by alignment 0"),
	request("CVE-2025-1975", "array index in a manifest of a hostile registry"),
	request("CVE-2025-44779", "deletion of files through pull"),
	request("CVE-2025-51471", "registry token sent to a host of the attacker's choice"),
	request("CVE-2025-63389", "management routes without authentication"),
	{ id: "CNVD-2025-04094", weakness: "no authentication at all", stoppedBy: "gateway" },
	request("CVE-2025-66959", "GGUF: string length, denial of service"),
	request("CVE-2025-66960", "GGUF version 1: string length, denial of service"),
	request("CVE-2025-15514", "broken image ends the process"),
	request("CVE-2026-5530", "server-side request forgery through pull"),
	request("CVE-2026-5757", "memory disclosure by quantising"),
	request("CVE-2026-7020", "traversal in the digest of a tensor layer"),
	request("CVE-2026-7482", "memory disclosure by quantising a file that claims too much (Bleeding Llama)"),
	request("CVE-2026-15685", "array index while downloading a blob"),
	{ id: "CVE-2026-42248", weakness: "Windows updater does not check signatures", stoppedBy: "none" },
	{ id: "CVE-2026-42249", weakness: "Windows updater: traversal through ETag", stoppedBy: "none" },
	request("CVE-2026-65315", "GGUF metadata: uncontrolled allocation"),
	request("OLLAMA-13223", "empty digest on create leaks a path"),
	request("OLLAMA-15504", "pulled blob skips verification"),
	request("OLLAMA-MLLAMA-OOB", "crafted vision model: write out of bounds"),
	request("CVE-2026-21869", "llama.cpp: negative count in the context shift"),
] as const satisfies readonly Advisory[];

function request<const Id extends string>(id: Id, weakness: string): Advisory<Id> {
	return { id, weakness, stoppedBy: "request" };
}
