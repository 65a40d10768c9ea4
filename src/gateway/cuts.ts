/**
 * Who was cut lately, for requests that do not run yet: whoever still sends its body or waits in the queue is not among those that are ended at once, and must
 * not begin to run for a key that is no longer good.
 *
 *  - A request keeps how much had changed when it came; where nothing has changed since, that is all that is looked at.
 *  - Bounded. Of whom it is no longer known whether it was cut is taken for cut: better refused once too often than served once.
 */
export type CutReason = "shutting-down" | "credential-revoked";

const PRINCIPALS_MOST = 10_000;

export class Cuts {
	readonly #most: number;
	/** Id of each, and how much had changed with it; in that order. */
	readonly #principals = new Map<string, number>();
	#changes = 0;
	#everyoneAt = 0;
	#forgottenAt = 0;

	constructor(most = PRINCIPALS_MOST) {
		this.#most = most;
	}

	/** Grows with each cut and each other policy. */
	get changes(): number {
		return this.#changes;
	}

	/** The policy is another. */
	changed(): void {
		this.#changes += 1;
	}

	/** `principal`: its id; null is everyone, because the server stops. */
	add(principal: string | null): void {
		this.#changes += 1;
		if (principal === null) {
			this.#everyoneAt = this.#changes;
			return;
		}
		this.#principals.delete(principal);
		this.#principals.set(principal, this.#changes);
		if (this.#principals.size <= this.#most) return;
		const [oldest] = this.#principals;
		if (oldest === undefined) return;
		this.#forgottenAt = oldest[1];
		this.#principals.delete(oldest[0]);
	}

	/** Why it may not go on, of a principal whose request came when so much had changed; null where it may. */
	since(changes: number, principal: string): CutReason | null {
		if (this.#everyoneAt > changes) return "shutting-down";
		const at = this.#principals.get(principal) ?? this.#forgottenAt;
		return at > changes ? "credential-revoked" : null;
	}
}
