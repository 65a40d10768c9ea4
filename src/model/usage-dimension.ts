/** What usage is counted by. */
export const USAGE_DIMENSIONS = ["key", "principal", "group", "model", "day", "class", "dialect"] as const;
export type UsageDimension = (typeof USAGE_DIMENSIONS)[number];
