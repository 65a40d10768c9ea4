/**
 * G2: a model reference is canonical, and one that makes Ollama open a connection names a host, never an address or a port.
 *
 *  - The parser of names already guarantees the grammar. It is checked again here, because the field is a URL to Ollama and
 *    everything that goes wrong with it (SSRF, traversal, leaking of tokens) goes wrong upstream, out of our sight.
 *  - A port, an IP literal and its disguises (`2130706433`, `0x7f.1`) aim at a neighbour of the server, not at a registry.
 *  - A model that is already there may be used and deleted under any host: it must be possible to clean up.
 */
import { DEFAULT_HOST, type ModelName } from "../model/model-name.ts";
import type { ModelUse } from "../ollama/judged-request.ts";
import { definePatch, stop } from "./virtual-patch.ts";

const MAX_LENGTH = 600;
/** Host, namespace, model, tag; no part ends in a dot, which some file systems drop. */
const GRAMMAR =
	/^[a-z0-9_][a-z0-9_-]*(?:\.[a-z0-9_-]+)*(?::[0-9]{1,5})?\/[a-z0-9_][a-z0-9_-]{0,79}\/[a-z0-9_](?:[a-z0-9_.-]{0,78}[a-z0-9_-])?:[a-z0-9_](?:[a-z0-9_.-]{0,78}[a-z0-9_-])?$/;
/** The last label decides whether a resolver takes the host for an address: all digits, or hexadecimal with 0x. */
const ENDS_IN_NUMBER = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$/;

export const modelReference = definePatch({
	id: "VP-G2-model-reference",
	title: "A model reference that is no plain name, or that points at an address or a port",
	why:
		"Ollama takes the model of pull, push, create and copy for a URL: it connects to whatever host is named there, sends its registry token " +
		"there, and on old releases walks out of its folder through names and digests that the host makes up.",
	advisories: [
		"CVE-2024-37032",
		"CVE-2024-39722",
		"CVE-2024-12886",
		"CVE-2025-1975",
		"CVE-2025-44779",
		"CVE-2025-51471",
		"CVE-2026-5530",
		"CVE-2026-7020",
		"CVE-2026-7482",
		"CVE-2026-15685",
		"OLLAMA-15504",
	],
	since: "0.1.0",
	unless: null,
	operations: null,
	applies({ models }) {
		for (const use of models) {
			const fault = faultOf(use);
			if (fault !== null) return stop(`${use.field}: ${fault}`);
		}
		return null;
	},
});

function faultOf({ role, name }: ModelUse): string | null {
	if (!isCanonical(name)) return "is not a canonical model name";
	if (name.host === DEFAULT_HOST || role === "use" || role === "delete") return null;
	if (name.host.includes(":")) return `host ${name.host} has a port`;
	if (ENDS_IN_NUMBER.test(name.host)) return `host ${name.host} is an address, not a name`;
	return null;
}

/** Names that were found canonical; the parser hands out one object for a name that comes again. */
const canonical = new WeakSet<ModelName>();

function isCanonical(name: ModelName): boolean {
	if (canonical.has(name)) return true;
	if (!hasGrammar(name)) return false;
	canonical.add(name);
	return true;
}

function hasGrammar({ full, host, namespace, model, tag }: ModelName): boolean {
	return full.length <= MAX_LENGTH && GRAMMAR.test(full) && !full.includes("..") && full === `${host}/${namespace}/${model}:${tag}`;
}
