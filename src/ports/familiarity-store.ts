/** Of each principal: since when it is known, and when each of its countries, networks and kinds of client was last seen (Unix ms), in the order of use. */
export type FamiliaritySnapshot = readonly (readonly [
	principal: string,
	since: number,
	countries: readonly (readonly [name: string, at: number])[],
	networks: readonly (readonly [name: string, at: number])[],
	clients: readonly (readonly [name: string, at: number])[],
])[];

export interface FamiliarityStore {
	/** Null where nothing was kept, or what was kept cannot be read: learning then begins anew. */
	load(): Promise<FamiliaritySnapshot | null>;
	/** Replaces what was kept, whole. */
	save(snapshot: FamiliaritySnapshot): Promise<void>;
}
