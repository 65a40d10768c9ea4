/**
 * The caller of the request that is asked about, in the place of the proxy that asks: stages meet it as they meet any other.
 *
 * Its body is what the proxy shows. Where the proxy does not show it, reading it is a refusal, unless the operation has none anyway.
 */
import type { BodyRead, BodySink, Caller } from "../http/caller.ts";
import { findOperation } from "../ollama/operations.ts";
import type { Framing, RequestHead } from "../wire/message.ts";
import type { AskedRequest } from "./asked-request.ts";

const NOTHING = Buffer.alloc(0);

export class AskedCaller implements Caller {
	readonly head: RequestHead;
	readonly peer: string;
	readonly encrypted: boolean;
	readonly #proxy: Caller;
	readonly #showsBody: boolean;

	constructor(proxy: Caller, { head, peer, encrypted }: AskedRequest, showsBody: boolean) {
		this.#proxy = proxy;
		this.#showsBody = showsBody;
		this.head = head;
		this.peer = peer;
		this.encrypted = encrypted;
	}

	get receivedAt(): number {
		return this.#proxy.receivedAt;
	}

	get departed(): boolean {
		return this.#proxy.departed;
	}

	get onDeparture(): (() => void) | null {
		return this.#proxy.onDeparture;
	}

	set onDeparture(leave: (() => void) | null) {
		this.#proxy.onDeparture = leave;
	}

	get onDrain(): (() => void) | null {
		return this.#proxy.onDrain;
	}

	set onDrain(go: (() => void) | null) {
		this.#proxy.onDrain = go;
	}

	get bytesIn(): number {
		return this.#proxy.bytesIn;
	}

	get bytesOut(): number {
		return this.#proxy.bytesOut;
	}

	get reusable(): boolean {
		return this.#proxy.reusable;
	}

	authenticated(): void {
		this.#proxy.authenticated();
	}

	readBody(limit: number): BodyRead | Promise<BodyRead> {
		if (this.#showsBody) return this.#proxy.readBody(limit);
		const found = findOperation(this.head.method, this.head.path);
		if ("operation" in found && found.operation.body === "none") return { body: NOTHING };
		return { refused: "body-unseen", detail: "the proxy shows no body" };
	}

	streamBody(sink: BodySink, _limit: number): void {
		sink.onRefused("body-unseen", "a body that is not held is not judged here");
	}

	resumeBody(): void {
		this.#proxy.resumeBody();
	}

	hold(bytes: number): boolean {
		return this.#proxy.hold(bytes);
	}

	respond(status: number, fields: readonly (readonly [string, string])[], framing: Framing): void {
		this.#proxy.respond(status, fields, framing);
	}

	write(bytes: Buffer): void {
		this.#proxy.write(bytes);
	}

	flush(): boolean {
		return this.#proxy.flush();
	}

	finish(): void {
		this.#proxy.finish();
	}

	cut(): void {
		this.#proxy.cut();
	}
}
