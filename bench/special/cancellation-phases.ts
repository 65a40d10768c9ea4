/** What is asked of the process whose callers leave, and what it answers. */
export const PHASES = ["connecting", "waiting", "streaming", "uploading", "queued"] as const;
export type CancellationPhase = (typeof PHASES)[number];

export interface CancellationJob {
	readonly phase: CancellationPhase;
	readonly port: number;
	readonly authorization: string;
	readonly times: number;
	/** Unix socket of the gateway, which is asked how many wait. */
	readonly adminSocket: string;
}

export interface CancellationResult {
	/** Of each departure, in order. */
	readonly tookMs: readonly number[];
}
