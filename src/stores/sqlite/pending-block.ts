/**
 * Events on their way to the disk together, and the promise about them.
 *
 * Collects text, not objects: what an event said when it was appended is what is written, whatever becomes of the object.
 */
import type { Fault } from "../../model/fault.ts";
import type { Batch } from "../../ports/event-log.ts";

import type { NewBlock } from "./event-database.ts";
import { TimeSpan } from "./time-span.ts";

export class PendingBlock implements Batch {
	readonly settled: Promise<void>;
	#resolve: () => void = () => undefined;
	#reject: (fault: Fault) => void = () => undefined;
	#committed = false;
	#retried = false;
	/** Joined once, at the end: a text that grows by one line at a time is a chain of as many pieces. */
	readonly #lines: string[] = [];
	#characters = 0;
	#count = 0;
	readonly #span = new TimeSpan();

	constructor() {
		this.settled = new Promise((resolve, reject) => {
			this.#resolve = resolve;
			this.#reject = reject;
		});
		// Nobody has to wait for a batch; one that failed must not end the process for that.
		this.settled.catch(() => undefined);
	}

	get committed(): boolean {
		return this.#committed;
	}

	get count(): number {
		return this.#count;
	}

	/** UTF-16 units: one byte each in memory while all is Latin-1, else two. */
	get characters(): number {
		return this.#characters;
	}

	add(line: string, at: number): void {
		this.#lines.push(line);
		this.#characters += line.length + 1;
		this.#count += 1;
		this.#span.add(at);
	}

	toBlock(): NewBlock {
		return {
			body: `${this.#lines.join("\n")}\n`,
			count: this.#count,
			firstAt: this.#span.first,
			lastAt: this.#span.last,
			retried: this.#retried,
		};
	}

	/** On disk. */
	settle(): void {
		this.#committed = true;
		this.#resolve();
	}

	/** Tells everyone who waits; the events are kept and may reach the disk later. */
	refuse(fault: Fault): void {
		this.#reject(fault);
	}

	/** Its commit failed, or nobody knows. */
	markRetried(): void {
		this.#retried = true;
	}
}
