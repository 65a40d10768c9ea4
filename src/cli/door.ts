/**
 * Knocks at the gateway as a stranger would.
 *
 *  - Where this machine's own address is one of the proxies that say whose each connection is, so do we: it is our own. Without that the gateway would
 *    close the connection, and a door that is closed for another reason proves nothing.
 *  - A connection that was made and then closed unread is told apart from one that was never made: the first is how a door answers that does not let
 *    this address in.
 */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { request as requestClear } from "node:http";
import { request as requestTls } from "node:https";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

const KNOCK_TIMEOUT_MS = 5000;

/** A route that would tell a stranger something worth having. */
const PATH = "/api/tags";

/** PROXY protocol, version 2, command LOCAL without addresses: the proxy speaks for itself, as in a health check. */
const SPEAKS_FOR_ITSELF = Buffer.from("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", "latin1");

export interface Approach {
	/** The local CA's file, or null. */
	readonly ca: string | null;
	/** Whether the gateway expects the PROXY protocol's header of connections from this address. */
	readonly saysWhose: (address: string) => boolean;
}

export type Answer =
	| { readonly kind: "answered"; readonly status: number }
	/** The connection was made, from this address, and no answer came. */
	| { readonly kind: "closed"; readonly from: string; readonly why: string }
	| { readonly kind: "unreachable"; readonly why: string };

/** What a request without a credential is answered with. */
export async function knock(gateway: string, { ca, saysWhose }: Approach): Promise<Answer> {
	const url = new URL(PATH, gateway);
	const trust = ca === null ? null : await readFile(ca);
	// An operator's own certificate need not name the loopback address that we knock at, nor come from a CA that this process trusts. Who answers
	// does not matter here: nothing is sent that anybody could want. What matters is the answer.
	const verify = trust === null ? { rejectUnauthorized: false } : { ca: trust, servername: "localhost" };
	const raw = connect({ host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port) || (url.protocol === "https:" ? 443 : 80) });
	raw.setTimeout(KNOCK_TIMEOUT_MS, () => raw.destroy(new Error("no answer in time")));
	try {
		await once(raw, "connect");
	} catch (error) {
		return { kind: "unreachable", why: reasonOf(error) };
	}
	const from = (raw.localAddress ?? "").replace(/^::ffff:/, "");
	try {
		if (saysWhose(from)) raw.write(SPEAKS_FOR_ITSELF);
		return { kind: "answered", status: await statusOf(url, raw, verify) };
	} catch (error) {
		return { kind: "closed", from, why: reasonOf(error) };
	} finally {
		raw.destroy();
	}
}

function statusOf(url: URL, raw: Socket, verify: Readonly<Record<string, unknown>>): Promise<number> {
	const { promise, resolve, reject } = Promise.withResolvers<number>();
	const secure = url.protocol === "https:";
	// Errors of the socket underneath are not all told by what stands upon it.
	raw.once("error", reject);
	const options = { headers: { connection: "close" }, createConnection: () => (secure ? connectTls({ ...verify, socket: raw }) : raw) };
	const sent = (secure ? requestTls : requestClear)(url, options);
	sent.once("response", (answer) => {
		answer.resume();
		resolve(answer.statusCode ?? 0);
	});
	sent.once("error", reject);
	sent.end();
	return promise;
}

function reasonOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
