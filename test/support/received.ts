/** A request as the first stage makes it, for tests of the stages: what is not given is ordinary. */
import type { Received } from "../../src/gateway/exchange.ts";
import type { BodyRead, Caller, DepartureListener } from "../../src/http/caller.ts";
import { HeaderFields } from "../../src/wire/header-fields.ts";
import type { RequestHead } from "../../src/wire/message.ts";

export interface Asked {
	readonly method?: string;
	readonly path?: string;
	readonly host?: string;
	readonly fields?: HeaderFields;
	readonly body?: string;
	readonly peer?: string;
	readonly query?: string;
	readonly encrypted?: boolean;
}

export function receivedWith(asked: Asked = {}): Received {
	const head = headOf(asked);
	return { id: "00000000-0000-4000-8000-000000000000", at: 0, caller: callerOf(head, asked), head, dialect: "ollama" };
}

function headOf({
	method = "GET",
	path = "/api/tags",
	host = "127.0.0.1:11435",
	fields = new HeaderFields([], []),
	body,
	query,
}: Asked): RequestHead {
	const target = query === undefined ? path : `${path}?${query}`;
	const framing = body === undefined ? ({ kind: "none" } as const) : ({ kind: "length", bytes: Buffer.byteLength(body) } as const);
	return { method, target, path, query: query ?? null, minor: 1, host, fields, framing, keepAlive: true, expectsContinue: false };
}

/** A caller whose body is here at once, and who can leave. Answers are not written: stages decide, they do not reply. */
export function callerOf(head: RequestHead, { body, peer = "192.0.2.1", encrypted = true }: Asked): Caller & { leave(): void } {
	const caller = {
		head,
		peer,
		receivedAt: 0,
		encrypted,
		departed: false,
		departureListener: null as DepartureListener | null,
		onDrain: null,
		bytesIn: 0,
		bytesOut: 0,
		reusable: true,
		authenticated: () => undefined,
		readBody(limit: number): BodyRead {
			const bytes = Buffer.from(body ?? "", "utf8");
			return bytes.length > limit ? { refused: "body-too-large", detail: "" } : { body: bytes };
		},
		streamBody: () => undefined,
		resumeBody: () => undefined,
		hold: () => true,
		respond: () => undefined,
		write: () => undefined,
		flush: () => true,
		finish: () => undefined,
		cut: () => undefined,
		leave() {
			caller.departed = true;
			caller.departureListener?.callerLeft();
		},
	};
	return caller;
}
