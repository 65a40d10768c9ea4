/**
 * The gateway as it stands behind proxies of the operator's own: who calls is then what they wrote down, and not their own address.
 *
 *  - Only for connections of listed addresses and of the gateway's Unix socket; what anybody else writes in such a field is never looked at. None is
 *    listed by default.
 *  - `X-Forwarded-For` is read from its right end, over listed addresses only, and the first other one is the caller. What lies to the left of it the
 *    caller wrote itself. An entry that counts and is no address is a refusal, not a guess.
 *  - `X-Forwarded-Proto`, where it is there exactly once, says whether the caller came over TLS. `Forwarded` (RFC 7239) is not read: two fields that say
 *    the same are two that can differ.
 *  - Whom a proxy has signed in is the matter of `ProxyUsers`: a field that names a user proves nothing by itself, and none is forwarded.
 *  - A proxy's own client certificate is the proxy's, and is never the caller's credential.
 */
import { BorrowedCaller } from "../http/borrowed-caller.ts";
import type { Caller, RequestHandler, TurnedAway } from "../http/caller.ts";
import type { Reason } from "../model/reason.ts";
import { lastUntrusted } from "../std/last-untrusted.ts";
import type { HeaderFields } from "../wire/header-fields.ts";
import type { ProxyUsers } from "./proxy-users.ts";

export class TrustedProxies implements RequestHandler {
	readonly #gateway: RequestHandler;
	readonly #isProxy: (address: string) => boolean;
	readonly #users: ProxyUsers;

	constructor(gateway: RequestHandler, isProxy: (address: string) => boolean, users: ProxyUsers) {
		this.#gateway = gateway;
		this.#isProxy = isProxy;
		this.#users = users;
	}

	handle(caller: Caller): Promise<void> {
		const { head, peer } = caller;
		if (head === null || !this.#isProxy(peer)) return this.#gateway.handle(caller);
		const address = lastUntrusted(peer, head.fields.all("x-forwarded-for"), this.#isProxy);
		if (address === null)
			return this.#turnDown(caller, "request-malformed", "X-Forwarded-For of a trusted proxy that does not name the caller");
		const claim = this.#users.claimOf(caller);
		if ("refused" in claim) return this.#turnDown(caller, claim.refused, claim.detail);
		const encrypted = isEncrypted(head.fields) ?? caller.encrypted;
		if (claim.user === null) return this.#gateway.handle(new BorrowedCaller(caller, { head, peer: address, encrypted }));
		const { ticket, fields } = this.#users.admit(claim, head.fields);
		const answered = this.#gateway.handle(new BorrowedCaller(caller, { head: { ...head, fields }, peer: address, encrypted }));
		return answered.finally(() => this.#users.giveBack(ticket));
	}

	turnedAway(reason: TurnedAway): void {
		this.#gateway.turnedAway(reason);
	}

	refuse(caller: Caller, reason: Reason, detail: string): void {
		this.#gateway.refuse(caller, reason, detail);
	}

	#turnDown(caller: Caller, reason: Reason, detail: string): Promise<void> {
		this.#gateway.refuse(caller, reason, detail);
		return Promise.resolve();
	}
}

/** Null where the proxy does not say it. */
function isEncrypted(fields: HeaderFields): boolean | null {
	const [proto, ...others] = fields.all("x-forwarded-proto");
	if (proto === undefined) return null;
	return others.length === 0 && proto.toLowerCase() === "https";
}
