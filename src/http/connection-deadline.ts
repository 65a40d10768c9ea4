/** Until when a connection may go on as it does. Nothing fires: the listener's sweep asks, since 10,000 timers would cost more than one loop. */
import type { ConnectionContext } from "./connection-context.ts";

export class ConnectionDeadline {
	readonly #context: ConnectionContext;
	#at = Number.POSITIVE_INFINITY;

	constructor(context: ConnectionContext) {
		this.#context = context;
	}

	after(ms: number): void {
		this.#at = this.#context.monotonic() + ms;
	}

	/** At `moment`, or before it where that was so already. */
	atMost(moment: number): void {
		this.#at = Math.min(this.#at, moment);
	}

	never(): void {
		this.#at = Number.POSITIVE_INFINITY;
	}

	isOver(now: number): boolean {
		return now >= this.#at;
	}
}
