/**
 * The canonical form of a model name: the only form that policy compares and that is sent upstream.
 *
 *  - Ollama finds one model under many spellings: `DOOR`, `door:latest`, `library/door`, `registry.ollama.ai/library/door:LATEST`, with a scheme, with
 *    a leading space (recorded). Rempart compares and forwards the canonical one, so a spelling cannot slip past a rule.
 *  - Grammar: `types/model/name.go` of Ollama, narrowed: ASCII only, no scheme, no user info, no `..`, no percent, no control characters.
 *  - Everything is lower-cased: Ollama matches existing names without regard to case.
 */
export interface ModelName {
	/** `registry.ollama.ai` unless named; lower case, may end in `:port`. */
	readonly host: string;
	/** `library` unless named. */
	readonly namespace: string;
	readonly model: string;
	/** `latest` unless named. */
	readonly tag: string;
	/** `host/namespace/model:tag`, whole; what rules match against besides `short`. */
	readonly full: string;
	/** Without the parts that are defaults (the tag always kept): `llama3.2:latest`, `hf.co/acme/gpt:q4`. */
	readonly short: string;
	/** Ends in `:cloud` or `-cloud`: runs on ollama.com at the operator's expense. */
	readonly cloud: boolean;
}

export const DEFAULT_HOST = "registry.ollama.ai";
export const DEFAULT_NAMESPACE = "library";
export const DEFAULT_TAG = "latest";
