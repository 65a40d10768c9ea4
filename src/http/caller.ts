/**
 * One request as the gateway meets it: the head, the way to its body, the way to answer, and whether the caller is still there.
 *
 * The gateway sees this interface and no socket. Exactly one answer is written: `respond`, then `write` and `flush` any number of times, then
 * `finish`. What was written goes out with the next `flush` or `finish` in one system call and, where the answer is chunked, as one chunk.
 */
import type { Reason } from "../model/reason.ts";
import type { Framing, RequestHead } from "../wire/message.ts";

/**
 * An object that is there anyway, not a function made for the purpose: functions that were kept and hardly ever called were found to keep every request of
 * the last seconds in memory (ADR 17).
 */
export interface DepartureListener {
	callerLeft(): void;
}

export interface Caller {
	/** Null where no head could be read: the request is then refused by `RequestHandler.refuse`. */
	readonly head: RequestHead | null;
	/** Address of the socket's peer, without port. */
	readonly peer: string;
	/** Monotonic ms at which the head was complete. */
	readonly receivedAt: number;
	readonly encrypted: boolean;
	/** True from the moment the caller's FIN or reset was seen: a FIN alone counts, as it does for Ollama. */
	readonly departed: boolean;
	/** Told at most once, when the caller departs before the answer is finished. */
	departureListener: DepartureListener | null;
	/** Called whenever a blocked writer may go on. */
	onDrain: (() => void) | null;
	/** Bytes of body read so far. */
	readonly bytesIn: number;
	/** Bytes of the answer written so far, head included. */
	readonly bytesOut: number;

	/** Tells the connection that a stranger became a principal. */
	authenticated(): void;
	/** The whole body, at once where it is already here. `limit` in bytes. */
	readBody(limit: number): BodyRead | Promise<BodyRead>;
	/** The body piece by piece; only the memory of one piece is held. The sink answers false to pause. */
	streamBody(sink: BodySink, limit: number): void;
	/** Goes on after the sink answered false. */
	resumeBody(): void;
	/** Takes memory for the answer out of the budget of all bodies, until the answer is out; false where there is none left. */
	hold(bytes: number): boolean;
	/** Writes the head. Fields are written as given, after `connection`. */
	respond(status: number, fields: readonly (readonly [string, string])[], framing: Framing): void;
	/** Queues body bytes, by reference: they must stay as they are until the next `flush`, `finish` or `cut`. */
	write(bytes: Buffer): void;
	/** Sends what is queued; false asks to wait for `onDrain`. */
	flush(): boolean;
	/** Ends the answer; the connection goes on with the next request where it may. */
	finish(): void;
	/** Sends what is queued, then ends the connection without ending the answer, so that no client takes the part for the whole. */
	cut(): void;
	/** Whether the connection will be kept after this answer. */
	readonly reusable: boolean;
}

export type BodyRead = { readonly body: Buffer } | { readonly refused: Reason; readonly detail: string };

export interface BodySink {
	/** False pauses the caller until `resumeBody`. The bytes are a view: use or copy them before returning. */
	onBytes(bytes: Buffer): boolean;
	onEnd(): void;
	onRefused(reason: Reason, detail: string): void;
}

/** Its address or all together have as many connections as they may, or nobody may come from there. */
export type TurnedAway = Extract<Reason, "connections-exhausted" | "network-denied">;

export interface RequestHandler {
	/** Answers one request. Never rejects: a rejection is a bug and closes the connection. */
	handle(caller: Caller): Promise<void>;
	/** A connection was closed unread. */
	turnedAway(reason: TurnedAway): void;
	/** Answers bytes that are not a request that we read. */
	refuse(caller: Caller, reason: Reason, detail: string): void;
}
