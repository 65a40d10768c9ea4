/**
 * Something an operator must put right before we can go on: what is wrong, and what to do next.
 *
 * The command line prints it as an `error:` and a `hint:` line. For start-up and administration alone; a request in flight knows decisions and faults.
 */
export class HintedError extends Error {
	override readonly name = "HintedError";
	readonly hint: string;

	constructor(message: string, hint: string, options?: ErrorOptions) {
		super(message, options);
		this.hint = hint;
	}
}
