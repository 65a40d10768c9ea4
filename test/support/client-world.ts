/**
 * A gateway over TLS before the upstream under test, and this process made to trust its certificate, as a user makes a machine trust it: clients that use
 * the runtime's `fetch` then run unmodified.
 */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import tls from "node:tls";

import { type Demonstration, startDemonstration } from "../../src/demo/server.ts";
import { formatKey } from "../../src/keys/key-format.ts";
import type { RequestEnded } from "../../src/model/event.ts";
import { eventually } from "./eventually.ts";
import { type Gateway, startGateway } from "./gateway.ts";
import { startUpstreamUnderTest, type UpstreamUnderTest } from "./upstream-under-test.ts";
import { WitnessRunner } from "./witness-runner.ts";

export interface ClientWorld {
	readonly upstream: UpstreamUnderTest;
	readonly gateway: Gateway;
	/** `https://127.0.0.1:PORT` */
	readonly url: string;
	/** Keys of the built-in roles. */
	readonly user: string;
	readonly admin: string;
	/** The record of the request with this id, once it is written. */
	ended(requestId: string): Promise<RequestEnded>;
	/** Fails if the last generation went on to its end although its caller left. A real server does not tell. */
	assertStopped(): Promise<void>;
	/** The records of requests that ended so, oldest first, once there are `count` of them. */
	endedWith(outcome: RequestEnded["outcome"], count?: number): Promise<readonly RequestEnded[]>;
}

export const SENTENCE = "The door is closed, and it knows you.";

/** Well-formed, and known to no gateway. */
export const UNKNOWN_KEY = formatKey("nobody00", "s".repeat(32));

export interface ClientWorldOptions {
	/** The gateway is pointed at a port of loopback where nobody listens. */
	readonly unreachable?: boolean;
	/** In place of the demonstration server, where that would be the upstream. */
	readonly demonstration?: () => Promise<Demonstration>;
}

/** Closed after the test. */
export async function startClientWorld(t: TestContext, yaml = "", options: ClientWorldOptions = {}): Promise<ClientWorld> {
	const witness = new WitnessRunner();
	const witnessed = () => startDemonstration({ host: "127.0.0.1", port: 0, clock: Date.now, runner: witness });
	const upstream = await startUpstreamUnderTest(t, options.demonstration ?? witnessed);
	const gateway = await startGateway({ upstreams: [options.unreachable === true ? "http://127.0.0.1:1" : upstream.url], tls: true, yaml });
	t.after(() => gateway[Symbol.asyncDispose]());
	tls.setDefaultCACertificates([...tls.getCACertificates("default"), gateway.ca]);
	const ends = () => gateway.events("request-ended");
	return {
		upstream,
		gateway,
		url: gateway.url,
		user: await gateway.createKey("user"),
		admin: await gateway.createKey("admin"),
		async ended(requestId) {
			let found: RequestEnded | undefined;
			await eventually(async () => {
				found = (await ends()).find(({ request }) => request === requestId);
				return found !== undefined;
			});
			if (found === undefined) throw new Error(`no end of ${requestId}`);
			return found;
		},
		async assertStopped() {
			if (!upstream.real) assert.equal(await witness.lastEnding(), "left");
		},
		async endedWith(outcome, count = 1) {
			let found: readonly RequestEnded[] = [];
			await eventually(async () => {
				found = (await ends()).filter((event) => event.outcome === outcome);
				return found.length >= count;
			});
			return found;
		},
	};
}
