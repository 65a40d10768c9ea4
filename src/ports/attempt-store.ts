/** What is known of wrong passwords, as it outlives the process. Subjects are opaque: keyed hashes of networks and names, nothing a reader can use. */
export interface AttemptSnapshot {
	/** Subject, score, and the Unix ms of the last wrong password. */
	readonly networks: readonly (readonly [subject: string, score: number, at: number])[];
	readonly accounts: readonly (readonly [subject: string, score: number, at: number])[];
	readonly pairs: readonly (readonly [subject: string, score: number, at: number])[];
	readonly all: readonly [score: number, at: number];
	/** Account at a network, and the Unix ms at which it was last right there. */
	readonly known: readonly (readonly [subject: string, at: number])[];
}

export interface AttemptStore {
	/** Null where nothing was kept, or what was kept cannot be read: counting then begins anew. */
	load(): Promise<AttemptSnapshot | null>;
	/** Replaces what was kept, whole. */
	save(snapshot: AttemptSnapshot): Promise<void>;
}
