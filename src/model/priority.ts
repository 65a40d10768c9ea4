/** Whose requests go first where requests wait, and by how much; of a role. */
export const PRIORITIES = ["high", "normal", "low"] as const;
export type Priority = (typeof PRIORITIES)[number];

/** How a principal stands in the queue. */
export interface Standing {
	/** Share of the time among the principals of the same priority; 1 is ordinary. */
	readonly weight: number;
	readonly priority: Priority;
}

export const ORDINARY: Standing = Object.freeze({ weight: 1, priority: "normal" });
