import { DEFAULT_HOST } from "../../model/model-name.ts";
import type { ModelUse } from "../../ollama/judged-request.ts";
import { defineCriterion, PASS, refuse } from "../criterion.ts";

/**
 * G3: models come from and go to registries that the operator named, and to no other host.
 *
 *  - Exact host names, never suffixes: `registry.ollama.ai.example.org` is somebody else.
 *  - `from` of a create counts as a fetch: where the base is not there, Ollama pulls it without being asked.
 *  - A name without a host belongs to the default registry but is local as long as nothing is fetched or sent under it, so copies and builds
 *    may carry it even where that registry is not listed.
 */
export const registries = defineCriterion({
	id: "registries",
	title: "Models come from and go to listed registries only",
	why: "A pull is an outbound connection to a host of the caller's choice, and what that host answers has broken Ollama again and again.",
	reasons: ["registry-denied"],
	advisories: [
		"CVE-2024-37032",
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
	concerns: ({ operation }) => operation.models.some(({ role }) => role !== "use" && role !== "delete"),
	judge({ policy, judged }) {
		for (const use of judged.models) {
			if (!policy.registries.has(use.name.host) && mustBeListed(use)) {
				return refuse("registry-denied", `${use.field}: ${use.name.host} is not in policy.pull.registries`);
			}
		}
		return PASS;
	},
});

function mustBeListed({ role, name, field }: ModelUse): boolean {
	switch (role) {
		case "use":
		case "delete":
			return false;
		case "fetch":
		case "send":
			return true;
		case "source":
		case "target":
			return name.host !== DEFAULT_HOST || field === "from";
	}
}
