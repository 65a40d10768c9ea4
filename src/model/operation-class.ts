/** What an operation puts at stake; a role grants classes, never single routes. */
export const OPERATION_CLASSES = ["probe", "read", "infer", "manage", "account", "cloud"] as const;
export type OperationClass = (typeof OPERATION_CLASSES)[number];

/** Whose error bodies and streams the caller understands. */
export const DIALECTS = ["ollama", "openai", "anthropic"] as const;
export type Dialect = (typeof DIALECTS)[number];
