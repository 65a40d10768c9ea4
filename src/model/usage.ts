/** What one request used, as the server reported it, or as far as was seen when the caller left early. */
export interface Usage {
	readonly promptTokens: number;
	readonly outputTokens: number;
	/** Nanoseconds as Ollama reports them; null where the dialect does not say. */
	readonly totalNs: number | null;
	readonly loadNs: number | null;
	readonly promptNs: number | null;
	readonly evalNs: number | null;
	/** True where the closing record was missing and tokens were counted from what passed. */
	readonly estimated: boolean;
}
