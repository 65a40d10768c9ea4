/**
 * Who may hold a connection: a bound in total, one per address, and a smaller one per address for callers who have not proved who they are.
 *
 *  - Beyond `total` or `perAddress` a connection is refused at once.
 *  - Beyond `unauthenticatedPerAddress` it waits, unread and without a TLS handshake, until an earlier one of that address has authenticated or gone.
 *    So fifty honest callers behind one address get through in a moment, and a slow-header attack holds eight sockets, not a thousand.
 *  - A stranger that has had its answer and idles while others wait is to make room: `crowds` tells. Eight programs with a key that was revoked
 *    would otherwise keep everyone else at their address out.
 *
 * Cost: two map operations a connection; memory in proportion to the connections that are open.
 */
interface AddressState {
	open: number;
	unauthenticated: number;
	readonly waiting: Slot[];
}

export interface SlotLimits {
	readonly total: number;
	readonly perAddress: number;
	readonly unauthenticatedPerAddress: number;
}

export class ConnectionSlots {
	#limits: SlotLimits;
	readonly #addresses = new Map<string, AddressState>();
	#open = 0;

	constructor(limits: SlotLimits) {
		this.#limits = limits;
	}

	get open(): number {
		return this.#open;
	}

	/** Later connections follow the new limits; open ones stay. */
	adjust(limits: SlotLimits): void {
		this.#limits = limits;
	}

	/** Takes a slot and calls `begin`, now or when the address has room for another stranger; null where the connection must be refused. */
	take(address: string, begin: () => void): Slot | null {
		const state = this.#addresses.get(address) ?? { open: 0, unauthenticated: 0, waiting: [] };
		if (this.#open >= this.#limits.total || state.open >= this.#limits.perAddress) return null;
		this.#open += 1;
		state.open += 1;
		this.#addresses.set(address, state);
		const slot = new Slot(this, address, state, begin);
		if (state.unauthenticated < this.#limits.unauthenticatedPerAddress) slot.begin();
		else state.waiting.push(slot);
		return slot;
	}

	/** For slots alone: a stranger of this address has gone or become known. */
	freeStranger(state: AddressState): void {
		state.unauthenticated -= 1;
		while (state.unauthenticated < this.#limits.unauthenticatedPerAddress) {
			const next = state.waiting.shift();
			if (next === undefined) return;
			next.begin();
		}
	}

	/** For slots alone. */
	free(address: string, state: AddressState): void {
		this.#open -= 1;
		state.open -= 1;
		if (state.open === 0) this.#addresses.delete(address);
	}
}

export class Slot {
	readonly #slots: ConnectionSlots;
	readonly #address: string;
	readonly #state: AddressState;
	readonly #begin: () => void;
	#phase: "waiting" | "stranger" | "known" | "gone" = "waiting";

	constructor(slots: ConnectionSlots, address: string, state: AddressState, begin: () => void) {
		this.#slots = slots;
		this.#address = address;
		this.#state = state;
		this.#begin = begin;
	}

	begin(): void {
		if (this.#phase !== "waiting") return;
		this.#phase = "stranger";
		this.#state.unauthenticated += 1;
		this.#begin();
	}

	/** Whether a stranger holds this slot and another waits for it. */
	get crowds(): boolean {
		return this.#phase === "stranger" && this.#state.waiting.length > 0;
	}

	/** The caller proved who it is, or asks nothing more; may be called any number of times. */
	known(): void {
		if (this.#phase !== "stranger") return;
		this.#phase = "known";
		this.#slots.freeStranger(this.#state);
	}

	release(): void {
		if (this.#phase === "gone") return;
		const wasStranger = this.#phase === "stranger";
		if (this.#phase === "waiting") this.#state.waiting.splice(this.#state.waiting.indexOf(this), 1);
		this.#phase = "gone";
		if (wasStranger) this.#slots.freeStranger(this.#state);
		this.#slots.free(this.#address, this.#state);
	}
}
