/**
 * One turn of the event loop in steps: first what all sockets brought is taken from the kernel, then it is dealt with, then all that came of it is
 * written.
 *
 *  - The kernel's network code, the engine's and ours each fill the processor's first caches. One request after the other from end to end, each finds
 *    its code gone; in steps a short request costs a third less (ADR 17).
 *  - Nothing waits longer than for the rest of what this turn of the loop has heard, and alone a request waits for nothing.
 *  - Order on each socket stays as it is. Large pieces are dealt with and written at once, and no more than `MOST_BYTES` of small ones wait: who sends
 *    much is paused before the next read, and who reads nothing is noticed after one.
 */
export interface Writer {
	/** Writes what waits; nothing where it was written or dropped meanwhile. */
	writeNow(): void;
}

/** A piece from which on putting it off gains nothing. */
export const LARGE_BYTES = 16 * 1024;
const MOST_BYTES = 1024 * 1024;

interface Arrival {
	readonly take: (bytes: Buffer) => void;
	readonly bytes: Buffer;
}

let arrivals: Arrival[] = [];
let arrivedBytes = 0;
let writers: Writer[] = [];
let scheduled = false;

/** `take` gets the bytes, which are its own, in this turn of the loop. */
export function arrived(take: (bytes: Buffer) => void, bytes: Buffer): void {
	arrivals.push({ take, bytes });
	arrivedBytes += bytes.length;
	if (bytes.length >= LARGE_BYTES || arrivedBytes > MOST_BYTES) handOn();
	else schedule();
}

/** `writer` is asked to write in this turn of the loop, after everything that has arrived. */
export function toWrite(writer: Writer): void {
	writers.push(writer);
	schedule();
}

/** Two callbacks: between them the promises of the first are kept, and what comes of them is written in the same turn. */
function schedule(): void {
	if (scheduled) return;
	scheduled = true;
	setImmediate(handOn);
	setImmediate(writeAll);
}

function writeAll(): void {
	scheduled = false;
	const due = writers;
	writers = [];
	for (const writer of due) writer.writeNow();
	if (arrivals.length > 0) schedule();
}

/** Deals with what has arrived: to be called before the end of a connection is acted upon, since what it said last may wait here. */
export function handOn(): void {
	const due = arrivals;
	arrivals = [];
	arrivedBytes = 0;
	for (const { take, bytes } of due) take(bytes);
}
