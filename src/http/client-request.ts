/** One request of a connection, as the gateway holds it. It keeps what was counted after the connection has gone on to the next. */
import type { Framing, RequestHead } from "../wire/message.ts";
import type { BodyRead, BodySink, Caller, DepartureListener } from "./caller.ts";

/** What a request needs of the connection that it came on. */
export interface Connection {
	readonly peer: string;
	readonly encrypted: boolean;
	readonly reusable: boolean;
	authenticated(): void;
	readBody(limit: number): BodyRead | Promise<BodyRead>;
	streamBody(sink: BodySink, limit: number): void;
	resumeBody(): void;
	hold(bytes: number): boolean;
	respond(status: number, fields: readonly (readonly [string, string])[], framing: Framing): void;
	write(bytes: Buffer): void;
	flush(): boolean;
	finish(request: Caller): void;
	cut(request: Caller): void;
}

export class ClientRequest implements Caller {
	readonly head: RequestHead | null;
	readonly receivedAt: number;
	departed = false;
	departureListener: DepartureListener | null = null;
	onDrain: (() => void) | null = null;
	bytesIn = 0;
	bytesOut = 0;
	readonly #connection: Connection;

	constructor(connection: Connection, head: RequestHead | null, receivedAt: number) {
		this.#connection = connection;
		this.head = head;
		this.receivedAt = receivedAt;
	}

	get peer(): string {
		return this.#connection.peer;
	}

	get encrypted(): boolean {
		return this.#connection.encrypted;
	}

	get reusable(): boolean {
		return this.#connection.reusable;
	}

	authenticated(): void {
		this.#connection.authenticated();
	}

	readBody(limit: number): BodyRead | Promise<BodyRead> {
		return this.#connection.readBody(limit);
	}

	streamBody(sink: BodySink, limit: number): void {
		this.#connection.streamBody(sink, limit);
	}

	resumeBody(): void {
		this.#connection.resumeBody();
	}

	hold(bytes: number): boolean {
		return this.#connection.hold(bytes);
	}

	respond(status: number, fields: readonly (readonly [string, string])[], framing: Framing): void {
		this.#connection.respond(status, fields, framing);
	}

	write(bytes: Buffer): void {
		this.#connection.write(bytes);
	}

	flush(): boolean {
		return this.#connection.flush();
	}

	finish(): void {
		this.#connection.finish(this);
	}

	cut(): void {
		this.#connection.cut(this);
	}
}
