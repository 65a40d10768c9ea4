/** Wall-clock time in Unix milliseconds. Time is a parameter everywhere, so a test owns it. */
export type Clock = () => number;

/** Monotonic time in milliseconds with an arbitrary origin: for durations, which wall-clock jumps must not bend. */
export type Stopwatch = () => number;
