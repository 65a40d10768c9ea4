/** A caller that stands on another one's connection: everything is that one's, but for what a subclass or the constructor says otherwise. */
import type { Framing, RequestHead } from "../wire/message.ts";
import type { BodyRead, BodySink, Caller, DepartureListener } from "./caller.ts";

/** What is said of the request in the place of what the connection says. */
export interface Borrowed {
	readonly head: RequestHead | null;
	readonly peer: string;
	readonly encrypted: boolean;
}

export class BorrowedCaller implements Caller {
	readonly head: RequestHead | null;
	readonly peer: string;
	readonly encrypted: boolean;
	protected readonly lender: Caller;

	constructor(lender: Caller, { head, peer, encrypted }: Borrowed) {
		this.lender = lender;
		this.head = head;
		this.peer = peer;
		this.encrypted = encrypted;
	}

	get receivedAt(): number {
		return this.lender.receivedAt;
	}

	get departed(): boolean {
		return this.lender.departed;
	}

	get departureListener(): DepartureListener | null {
		return this.lender.departureListener;
	}

	set departureListener(listener: DepartureListener | null) {
		this.lender.departureListener = listener;
	}

	get onDrain(): (() => void) | null {
		return this.lender.onDrain;
	}

	set onDrain(go: (() => void) | null) {
		this.lender.onDrain = go;
	}

	get bytesIn(): number {
		return this.lender.bytesIn;
	}

	get bytesOut(): number {
		return this.lender.bytesOut;
	}

	get reusable(): boolean {
		return this.lender.reusable;
	}

	authenticated(): void {
		this.lender.authenticated();
	}

	readBody(limit: number): BodyRead | Promise<BodyRead> {
		return this.lender.readBody(limit);
	}

	streamBody(sink: BodySink, limit: number): void {
		this.lender.streamBody(sink, limit);
	}

	resumeBody(): void {
		this.lender.resumeBody();
	}

	hold(bytes: number): boolean {
		return this.lender.hold(bytes);
	}

	respond(status: number, fields: readonly (readonly [string, string])[], framing: Framing): void {
		this.lender.respond(status, fields, framing);
	}

	write(bytes: Buffer): void {
		this.lender.write(bytes);
	}

	flush(): boolean {
		return this.lender.flush();
	}

	finish(): void {
		this.lender.finish();
	}

	cut(): void {
		this.lender.cut();
	}
}
