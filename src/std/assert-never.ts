/** Marks a branch that the types say cannot be reached; reaching it is a bug, and a bug is an assertion. */
export function assertNever(value: never): never {
	throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
