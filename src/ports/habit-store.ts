/** What each principal usually does, as it outlives the process; in the order of use. */
export type HabitSnapshot = readonly (readonly [
	principal: string,
	/** Unix ms. */
	since: number,
	/** The hour that runs, counted from 1970, and the tokens in it so far. */
	hour: number,
	tokens: number,
	/** The hour in which a volume was told last, and the most tokens of such an hour; 0 for none. */
	toldHour: number,
	toldTokens: number,
	/** Days on which it was at work, and the last of them, counted from 1970. */
	days: number,
	lastDay: number,
	/** Tokens of hours in which it was at work, oldest first. */
	hours: readonly number[],
	/** For each hour of the day the last day on which it was at work then; 0 for never. */
	hoursOfDay: readonly number[],
	/** When each model was used last (Unix ms), in the order of use. */
	models: readonly (readonly [name: string, at: number])[],
])[];

export interface HabitStore {
	/** Null where nothing was kept, or what was kept cannot be read: learning then begins anew. */
	load(): Promise<HabitSnapshot | null>;
	/** Replaces what was kept, whole. */
	save(snapshot: HabitSnapshot): Promise<void>;
}
