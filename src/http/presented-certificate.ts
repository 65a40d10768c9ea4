/**
 * Which certificate came with the connection that a request came on.
 *
 * Beside the requests instead of in them: nearly no connection has one, and what has to do with each request is kept small.
 */
import type { PresentedCertificate } from "../ports/certificate-ring.ts";
import type { Caller, RequestHandler } from "./caller.ts";

const PRESENTED = new WeakMap<Caller, PresentedCertificate>();

export function certificateOf(caller: Caller): PresentedCertificate | null {
	return PRESENTED.get(caller) ?? null;
}

/** A handler for one connection, all of whose requests come with this certificate. */
export function withCertificate(handler: RequestHandler, certificate: PresentedCertificate): RequestHandler {
	return {
		handle: (caller) => {
			PRESENTED.set(caller, certificate);
			return handler.handle(caller);
		},
		turnedAway: (reason) => handler.turnedAway(reason),
		refuse: (caller, reason, detail) => handler.refuse(caller, reason, detail),
	};
}
