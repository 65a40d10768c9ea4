/** So much of a GPU's time is held ahead of what has passed: twice what passes between two looks at it. */
export const AHEAD_US = 200_000;
/** How often `look` is to be called. */
export const LOOK_MS = 100;
