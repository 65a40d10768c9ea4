/** Asks again and again until it is so. The test runner's own time limit is the end of patience; nothing is assumed about how long it takes. */
export async function eventually(holds: () => Promise<boolean> | boolean): Promise<void> {
	while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5));
}
