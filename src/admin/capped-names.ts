/** Lets the first `cap` distinct names through and calls every later one `_other`: what callers send cannot grow the number of series without end. */
export class CappedNames {
	readonly #cap: number;
	readonly #known = new Set<string>();

	constructor(cap: number) {
		this.#cap = cap;
	}

	of(name: string): string {
		if (this.#known.has(name)) return name;
		if (this.#known.size >= this.#cap) return OTHER;
		this.#known.add(name);
		return name;
	}
}

export const OTHER = "_other";
export const NONE = "_none";
