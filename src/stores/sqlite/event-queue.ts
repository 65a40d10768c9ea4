/**
 * Blocks of events that wait for the disk, oldest first, within bounds of number and size.
 *
 *  - What is being written counts as waiting until the caller says `done`, so the bounds hold for all the memory that events take.
 *  - While refusing, whoever adds an event is told at once that it will not be acknowledged; the event waits all the same.
 */
import type { Fault } from "../../model/fault.ts";

import { PendingBlock } from "./pending-block.ts";

export interface QueueBounds {
	readonly pendingEventsMax: number;
	/** UTF-16 units. */
	readonly pendingCharactersMax: number;
}

const BLOCK_EVENTS_MAX = 8_192;
const BLOCK_CHARACTERS_MAX = 4 * 1024 * 1024;

export class EventQueue {
	readonly #bounds: QueueBounds;
	#open: PendingBlock | null = null;
	/** Full, put back after a failure, or not to be mixed with later events. */
	#shelf: PendingBlock[] = [];
	#events = 0;
	#characters = 0;
	#fault: Fault | null = null;

	constructor(bounds: QueueBounds) {
		this.#bounds = bounds;
	}

	/** Events that wait, those that are being written included. */
	get size(): number {
		return this.#events;
	}

	get isEmpty(): boolean {
		return this.#open === null && this.#shelf.length === 0;
	}

	/** Whether waiting for more events would gain nothing. */
	hasFullBlock(eagerEvents: number): boolean {
		return this.#shelf.length > 0 || (this.#open !== null && this.#open.count >= eagerEvents);
	}

	/** Null where there is no room. */
	add(line: string, at: number): PendingBlock | null {
		if (this.#events >= this.#bounds.pendingEventsMax || this.#characters + line.length > this.#bounds.pendingCharactersMax) return null;
		if (this.#open !== null && (this.#open.count >= BLOCK_EVENTS_MAX || this.#open.characters + line.length > BLOCK_CHARACTERS_MAX))
			this.#shelve();
		this.#open ??= this.#newBlock();
		const before = this.#open.characters;
		this.#open.add(line, at);
		this.#events += 1;
		this.#characters += this.#open.characters - before;
		return this.#open;
	}

	/** A block of its own at the end, beyond the bounds: for the one event that says that the log is back. */
	addAlone(line: string, at: number): PendingBlock {
		this.#shelve();
		const block = this.#newBlock();
		block.add(line, at);
		this.#events += block.count;
		this.#characters += block.characters;
		this.#shelf.push(block);
		return block;
	}

	/** The oldest block; it takes no more events. */
	take(): PendingBlock | null {
		if (this.#shelf.length === 0) this.#shelve();
		return this.#shelf.shift() ?? null;
	}

	/** For a block that was taken and did not reach the disk, as far as is known. */
	putBack(block: PendingBlock): void {
		this.#shelf.unshift(block);
	}

	/** For a block that was taken and is on disk. */
	done(block: PendingBlock): void {
		this.#events -= block.count;
		this.#characters -= block.characters;
	}

	refuse(fault: Fault): void {
		this.#fault = fault;
		for (const block of this.#shelf) block.refuse(fault);
		this.#open?.refuse(fault);
	}

	/** From here on events are acknowledged again; those that were refused are not mixed with them. */
	accept(): void {
		this.#fault = null;
		this.#shelve();
	}

	#newBlock(): PendingBlock {
		const block = new PendingBlock();
		if (this.#fault !== null) block.refuse(this.#fault);
		return block;
	}

	#shelve(): void {
		if (this.#open !== null) this.#shelf.push(this.#open);
		this.#open = null;
	}
}
