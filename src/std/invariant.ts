/** Asserts what must hold whatever callers send. A violation is a bug of ours: it ends the request, never permits it. */
export function invariant(holds: boolean, why: string): asserts holds {
	if (!holds) throw new Error(`invariant violated: ${why}`);
}
