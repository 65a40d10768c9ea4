/**
 * An event log in memory, for tests of whatever writes or reads events. Passes the same contract as the real one.
 *
 *  - A batch settles in a microtask, one batch for each event.
 *  - `fail(problem)` makes it unavailable as a full disk would; what comes meanwhile is refused, kept, and written by `recover()`.
 */
import type { Event } from "../../src/model/event.ts";
import { Fault } from "../../src/model/fault.ts";
import type { Batch, EventLog, EventQuery, RecordedEvent } from "../../src/ports/event-log.ts";

export class MemoryEventLog implements EventLog {
	readonly #records: RecordedEvent[] = [];
	readonly #queued: Event[] = [];
	#problem: string | null = null;
	#closed = false;

	get available(): boolean {
		return this.#problem === null;
	}

	get lastSeq(): number {
		return this.#records.length + this.#queued.length;
	}

	get problem(): string | null {
		return this.#problem;
	}

	/** What was written, in order. */
	get events(): readonly Event[] {
		return this.#records.map(({ event }) => event);
	}

	append(event: Event): Batch {
		if (this.#closed) return refused("it is closed");
		if (this.#problem !== null) {
			this.#queued.push(event);
			return refused(this.#problem);
		}
		this.#write(event);
		const batch = { committed: false, settled: Promise.resolve() };
		batch.settled = batch.settled.then(() => {
			batch.committed = true;
		});
		return batch;
	}

	read(query: EventQuery): Promise<readonly RecordedEvent[]> {
		const found = this.#records.filter(({ seq, event }) => matches(query, seq, event));
		return Promise.resolve(query.limit > 0 ? found.slice(-query.limit) : []);
	}

	close(): Promise<void> {
		this.#closed = true;
		return Promise.resolve();
	}

	fail(problem: string): void {
		this.#problem = problem;
	}

	recover(now: number): void {
		this.#problem = null;
		for (const event of this.#queued.splice(0)) this.#write(event);
		this.#write({ type: "log-recovered", at: now, lost: 0 });
	}

	#write(event: Event): void {
		this.#records.push({ seq: this.#records.length + 1, event: structuredClone(event) });
	}
}

function matches(query: EventQuery, seq: number, event: Event): boolean {
	if (seq <= (query.afterSeq ?? 0) || seq >= (query.beforeSeq ?? Number.MAX_SAFE_INTEGER)) return false;
	if (query.since !== undefined && event.at < query.since) return false;
	if (query.until !== undefined && event.at > query.until) return false;
	if (query.types !== undefined && !query.types.includes(event.type)) return false;
	if (query.principal !== undefined && !("principal" in event && event.principal === query.principal)) return false;
	return query.request === undefined || ("request" in event && event.request === query.request);
}

function refused(why: string): Batch {
	const settled = Promise.reject(new Fault("event-log-unavailable", `the event log cannot be written: ${why}`));
	settled.catch(() => undefined);
	return { committed: false, settled };
}
