/**
 * A gateway before a model server that answers everything, with a key for each built-in role: what an attacker meets.
 *
 *     await using w = await besieged();
 *     const { answer, reason } = await w.attempt(bytes);
 *     assert.equal(w.forwarded().length, 0);
 */
import assert from "node:assert/strict";

import type { Event, EventType } from "../../src/model/event.ts";
import { type CanonicalRequest, canonicalRequests } from "./canonical-requests.ts";
import { eventually } from "./eventually.ts";
import type { Bytes } from "./fake-upstream.ts";
import { type Gateway, startGateway } from "./gateway.ts";
import { plausibleOllama } from "./plausible-ollama.ts";
import { connectRaw, type RawClient, type RawResponse } from "./raw-client.ts";
import { startWorkedUpstream, type WorkedOptions, type WorkedUpstream } from "./worked-upstream.ts";

export interface BesiegedOptions {
	/** Further YAML sections. */
	readonly yaml?: string;
	readonly tls?: boolean;
	readonly upstream?: WorkedOptions;
}

const ROLES = ["reader", "user", "operator", "admin"] as const;

export interface Besieged extends AsyncDisposable {
	readonly gateway: Gateway;
	readonly upstream: WorkedUpstream;
	readonly keys: Readonly<Record<(typeof ROLES)[number], string>>;
	connect(more?: { readonly localAddress?: string; readonly servername?: string }): Promise<RawClient>;
	/** Sends bytes on a connection of their own; null where the connection ended without an answer. */
	ask(bytes: Bytes): Promise<RawResponse | null>;
	/** The same, where an answer must come, with the reason for which the request was refused (null: it was not). */
	attempt(bytes: Bytes): Promise<{ readonly answer: RawResponse; readonly reason: string | null }>;
	/** What callers' requests became; fails where the upstream saw anything that is not in canonical form. */
	forwarded(): readonly CanonicalRequest[];
	/** The records of one request, as soon as both are on disk. */
	recordOf(requestId: string): Promise<{
		readonly started: Event & { readonly type: "request-started" };
		readonly ended: Event & { readonly type: "request-ended" };
	}>;
}

export async function besieged({ yaml = "", tls = false, upstream: options }: BesiegedOptions = {}): Promise<Besieged> {
	await using stack = new AsyncDisposableStack();
	const upstream = stack.use(await startWorkedUpstream(options ?? { script: plausibleOllama() }));
	const gateway = stack.use(await startGateway({ upstreams: [upstream.url], yaml, tls }));
	const [reader = "", user = "", operator = "", admin = ""] = await Promise.all(ROLES.map((role) => gateway.createKey(role)));
	const kept = stack.move();
	const connect: Besieged["connect"] = ({ localAddress, servername } = {}) =>
		connectRaw({
			port: gateway.port,
			...(localAddress === undefined ? {} : { localAddress }),
			...(tls ? { tls: { ca: gateway.ca, alpn: ["http/1.1"], ...(servername === undefined ? {} : { servername }) } } : {}),
		});
	const ask = async (bytes: Bytes): Promise<RawResponse | null> => {
		const client = await connect();
		try {
			await client.send(bytes);
			const head = Buffer.from(bytes).subarray(0, 5).toString("latin1") === "HEAD ";
			return await client.readResponseOrEnd({ head });
		} finally {
			client.destroy();
		}
	};
	const eventOf = async <T extends EventType>(type: T, requestId: string): Promise<Event & { readonly type: T }> => {
		let found: (Event & { readonly type: T }) | undefined;
		await eventually(async () => {
			const answer = await gateway.admin.get(`/v1/events?type=${type}&request=${requestId}`);
			const { events } = answer.json() as { readonly events: readonly { readonly event: Event & { readonly type: T } }[] };
			found = events[0]?.event;
			return found !== undefined;
		});
		return found ?? assert.fail();
	};
	const recordOf: Besieged["recordOf"] = async (requestId) => {
		const ended = await eventOf("request-ended", requestId);
		return { started: await eventOf("request-started", requestId), ended };
	};
	return {
		gateway,
		upstream,
		keys: { reader, user, operator, admin },
		connect,
		ask,
		async attempt(bytes) {
			const answer = (await ask(bytes)) ?? assert.fail("the connection ended without an answer");
			const { ended } = await recordOf(answer.header("x-request-id") ?? assert.fail("an answer without its request id"));
			assert.ok(ended.outcome === "completed" || ended.outcome === "refused", `${ended.outcome}: ${ended.fault} ${ended.detail}`);
			return { answer, reason: ended.reason };
		},
		forwarded: () => canonicalRequests(upstream.fake),
		recordOf,
		[Symbol.asyncDispose]: () => kept.disposeAsync(),
	};
}
