/**
 * The caller of the request that is asked about, in the place of the proxy that asks: stages meet it as they meet any other.
 *
 * Its body is what the proxy shows. Where the proxy does not show it, reading it is a refusal, unless the operation has none anyway.
 */
import { BorrowedCaller } from "../http/borrowed-caller.ts";
import type { BodyRead, BodySink, Caller } from "../http/caller.ts";
import { findOperation } from "../ollama/operations.ts";
import type { AskedRequest } from "./asked-request.ts";

const NOTHING = Buffer.alloc(0);

export class AskedCaller extends BorrowedCaller {
	readonly #asked: AskedRequest;
	readonly #showsBody: boolean;

	constructor(proxy: Caller, asked: AskedRequest, showsBody: boolean) {
		super(proxy, asked);
		this.#asked = asked;
		this.#showsBody = showsBody;
	}

	override readBody(limit: number): BodyRead | Promise<BodyRead> {
		if (this.#showsBody) return this.lender.readBody(limit);
		const { method, path } = this.#asked.head;
		const found = findOperation(method, path);
		if ("operation" in found && found.operation.body === "none") return { body: NOTHING };
		return { refused: "body-unseen", detail: "the proxy shows no body" };
	}

	override streamBody(sink: BodySink, _limit: number): void {
		sink.onRefused("body-unseen", "a body that is not held is not judged here");
	}
}
