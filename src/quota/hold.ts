/**
 * What budgets hold for one request, from the moment it is let in until it is known what it used.
 *
 * Settled exactly once, whatever happens; what is called afterwards changes nothing.
 */
export interface Hold {
	/** Whether a budget wants to know of tokens as they pass, and may end the answer; where not, nobody need count for it. */
	readonly bounds: boolean;
	/**
	 * So many tokens of the answer have passed in all. False: a budget has no more. The answer is then ended as if the model had come to its bound
	 * (`length` in the caller's dialect), the upstream cancelled, and what passed is charged. Two comparisons for most frames.
	 *
	 * `hidden`: how many more than these they may turn out to be, in all.
	 */
	passed(outputTokens: number, hidden: number): boolean;
}
