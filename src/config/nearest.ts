/** "Did you mean": the candidate that a misspelt word is closest to, or none where the guess would be silly. */

/** Longer words than any of ours are not compared: the cost is the product of the lengths. */
const LONGEST = 64;

export function nearest(word: string, candidates: readonly string[]): string | undefined {
	const wanted = folded(word);
	if (wanted.length === 0 || wanted.length > LONGEST) return undefined;
	let best: string | undefined;
	// One slip in three letters is a typing error; more is another word.
	let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
	for (const candidate of candidates) {
		const distance = editDistance(wanted, folded(candidate));
		if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
	}
	return best;
}

/** `connectTimeout`, `connect-timeout` and `connect_timeout` are one word to whoever types them. */
function folded(word: string): string {
	return word
		.replace(/([a-z0-9])([A-Z])/g, "$1_$2")
		.replaceAll("-", "_")
		.toLowerCase();
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
export function editDistance(a: string, b: string): number {
	let beforeLast: readonly number[] = [];
	let last: readonly number[] = Array.from({ length: b.length + 1 }, (_, column) => column);
	for (let row = 1; row <= a.length; row++) {
		const current = [row];
		for (let column = 1; column <= b.length; column++) {
			const replaced = (last[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
			const swaps = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
			const swapped = swaps ? (beforeLast[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY;
			current.push(Math.min((last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, replaced, swapped));
		}
		[beforeLast, last] = [last, current];
	}
	return last[b.length] ?? 0;
}
