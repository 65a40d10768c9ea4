/**
 * An answer that is begun while its request still waits in the queue, so that nobody on the way takes the silence for death.
 *
 *  - Only of streams, and only where the operator wants it: with the head goes the status, so whatever comes of the request afterwards is said within
 *    the stream.
 *  - What is sent means nothing in the dialect: a comment of server-sent events, a space before the first line of NDJSON (an empty line makes several
 *    clients throw).
 */
import type { Outlook } from "../quota/admission.ts";
import type { Field } from "../wire/write.ts";
import type { Reserved } from "./exchange.ts";
import type { ReplyTo } from "./reply.ts";

const SPACE = Buffer.from(" ", "latin1");

export class WaitingAnswer {
	readonly #to: ReplyTo;
	readonly #isLines: boolean;
	readonly #limits: readonly Field[];
	#blocked = false;

	/** `limits`: what is left of the caller's limits, as other answers say it in their head. */
	constructor(to: ReplyTo, { judged }: Reserved, limits: readonly Field[]) {
		this.#to = to;
		this.#limits = limits;
		this.#isLines = judged.operation.streams === "ndjson-by-default";
	}

	/** Says that the request still waits; the first time it begins the answer. */
	sayWaiting({ position, waitMs }: Outlook): void {
		const { caller } = this.#to;
		if (this.#to.opened !== true) this.#open(position);
		else if (this.#blocked) return;
		const comment = `: waiting, position ${position}, about ${Math.ceil(waitMs / 1000)} s\n\n`;
		caller.write(this.#isLines ? SPACE : Buffer.from(comment, "latin1"));
		if (caller.flush()) return;
		// Whoever reads nothing is told nothing more.
		this.#blocked = true;
		caller.onDrain = () => {
			this.#blocked = false;
		};
	}

	/** The queue is behind it: what comes now is the answer's own. */
	end(): void {
		this.#to.caller.onDrain = null;
	}

	#open(position: number): void {
		const { caller, id, fields } = this.#to;
		this.#to.opened = true;
		const type = this.#isLines ? "application/x-ndjson" : "text/event-stream";
		const head = [
			["content-type", type],
			["x-request-id", id],
			["x-rempart-queue-position", String(position)],
			...this.#limits,
			...fields,
		] as const;
		caller.respond(200, head, caller.head?.minor === 0 ? { kind: "close" } : { kind: "chunked" });
	}
}
