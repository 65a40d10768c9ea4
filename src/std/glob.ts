/**
 * A pattern of whole texts: `*` stands for any run of characters, also none; nothing else is special.
 *
 * Matching never goes back: each piece between two stars is looked for once, left to right, so neither a hostile pattern nor a hostile text costs more
 * than its length.
 */
export function glob(pattern: string): (text: string) => boolean {
	const [prefix = "", ...rest] = pattern.split("*");
	if (rest.length === 0) return (text) => text === prefix;
	const suffix = rest.pop() ?? "";
	const middle = rest.filter((piece) => piece !== "");
	const least = prefix.length + suffix.length;
	return (text) => {
		if (text.length < least || !text.startsWith(prefix) || !text.endsWith(suffix)) return false;
		let from = prefix.length;
		for (const piece of middle) {
			const found = text.indexOf(piece, from);
			if (found === -1) return false;
			from = found + piece.length;
		}
		return from <= text.length - suffix.length;
	};
}
