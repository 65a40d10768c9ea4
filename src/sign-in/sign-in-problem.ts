/** Why somebody is not signed in. What a person did or may not do, and what the provider did or could not do, apart from each other. */
const SIGN_IN_PROBLEMS = [
	"sign-in-mismatch",
	"sign-in-refused-there",
	"person-not-admitted",
	"sessions-exhausted",
	"code-unknown",
	"sign-in-busy",
	"sign-in-not-recorded",
	"provider-unavailable",
	"provider-untrustworthy",
] as const;
export type SignInProblemCode = (typeof SIGN_IN_PROBLEMS)[number];

/** Thrown in the course of signing in; whoever serves pages turns it into one, and no session comes of it. */
export class SignInProblem extends Error {
	override readonly name = "SignInProblem";
	readonly code: SignInProblemCode;

	/** `message` goes to the record, not to the page: it may quote the provider. */
	constructor(code: SignInProblemCode, message: string, options?: ErrorOptions) {
		super(message, options);
		this.code = code;
	}
}
