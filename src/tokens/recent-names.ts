/** Names with a time until which each counts. Bounded: the one added first goes first. */
export class RecentNames {
	readonly #until = new Map<string, number>();
	readonly #most: number;

	constructor(most: number) {
		this.#most = most;
	}

	has(name: string, now: number): boolean {
		return (this.#until.get(name) ?? 0) > now;
	}

	add(name: string, until: number): void {
		this.#until.delete(name);
		this.#until.set(name, until);
		if (this.#until.size <= this.#most) return;
		const [oldest] = this.#until.keys();
		if (oldest !== undefined) this.#until.delete(oldest);
	}
}
