import type { JsonValue } from "../../ollama/judged-request.ts";
import { isJsonArray, isJsonObject, jsonBodyOf } from "../../virtual-patches/json-body.ts";
import { defineCriterion, PASS, refuse } from "../criterion.ts";

/**
 * G11: an inference may ask Ollama for its built-in web search, which then runs at ollama.com under the operator's account.
 *
 * `/v1/messages` and `/v1/responses` know it as a tool whose type begins with `web_search`, with local models too (`middleware/anthropic.go`,
 * `openai/responses.go`). Whoever may not call the search route may not reach it through a chat.
 */
export const cloudTools = defineCriterion({
	id: "cloud-tools",
	title: "Built-in web search is asked for by those who may spend the operator's account",
	why: "The class of the route says inference; the search is a paid call to ollama.com all the same.",
	reasons: ["cloud-denied"],
	advisories: [],
	concerns: ({ subject, operation }) => operation.dialect !== "ollama" && !subject.classes.has("cloud"),
	judge({ subject, judged }) {
		if (judged.operation.dialect === "ollama" || subject.classes.has("cloud")) return PASS;
		return hasWebSearch(jsonBodyOf(judged)?.["tools"]) ? refuse("cloud-denied", "tools: web search runs at ollama.com") : PASS;
	},
});

/** Tools may be grouped; nesting is as deep as the body may be. */
function hasWebSearch(tools: JsonValue | undefined): boolean {
	if (!isJsonArray(tools)) return false;
	return tools.some((tool) => {
		if (!isJsonObject(tool)) return false;
		const type = tool["type"];
		return (typeof type === "string" && type.toLowerCase().startsWith("web_search")) || hasWebSearch(tool["tools"]);
	});
}
