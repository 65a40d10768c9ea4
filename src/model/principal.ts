/** Who calls, after a credential proved it. Credentials differ by kind, not by fields. */
export interface Principal {
	readonly kind: "htpasswd" | "api-key" | "ollama-key" | "certificate" | "proxy-user" | "access-token";
	/** Public and log-safe: a key's eight-character id. */
	readonly id: string;
	readonly name: string;
	/** Name of the role that decides; a role that is not configured denies everything. */
	readonly role: string;
	/** Model patterns that narrow the role further; `null` narrows nothing, an empty list allows no model. */
	readonly models: readonly string[] | null;
	/** Of a directory or a proxy that said so; without order or doubles. */
	readonly groups: readonly string[];
}

/** Of whoever has none, which are nearly all: one list, so that they are seen to be alike. */
export const NO_GROUPS: readonly string[] = Object.freeze([]);
