/** Who calls, after a credential proved it. Later credentials (OIDC, certificates, htpasswd, Ollama's signature) add kinds, not fields. */
export interface Principal {
	readonly kind: "htpasswd" | "api-key" | "ollama-key" | "certificate" | "proxy-user";
	/** Public and log-safe: a key's eight-character id. */
	readonly id: string;
	readonly name: string;
	/** Name of the role that decides; a role that is not configured denies everything. */
	readonly role: string;
	/** Model patterns that narrow the role further; `null` narrows nothing, an empty list allows no model. */
	readonly models: readonly string[] | null;
}
