/** What the process tells the shell; nothing else is ever used. */
export const EXIT = {
	/** Done; the answer is "yes". */
	done: 0,
	/** Done; the answer is "no": denied, unhealthy, not there, findings. */
	no: 1,
	/** Not done: wrong usage, wrong configuration, or something that an operator must put right first. */
	usage: 2,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
