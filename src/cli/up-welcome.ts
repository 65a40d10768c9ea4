/**
 * What `up` does once the server is up: proves that the door is closed, then says where things are and what to paste.
 *
 * The proof is a request of our own without a credential. Any answer but 401 means that the gateway does not do what it exists for, and ends it.
 */
import type { RunningServer } from "../app/start-server.ts";
import { VERSION } from "../app/version.ts";
import { knock } from "./door.ts";
import { listeningSockets } from "./listening-sockets.ts";
import { otherMachinesUrl } from "./other-machines.ts";
import { showReady } from "./ready.ts";
import type { Objection, Served, ServingOptions } from "./serving.ts";
import type { Surroundings } from "./surroundings.ts";
import { type Proof, upReport } from "./up-report.ts";
import { upstreamExposure } from "./upstream-exposure.ts";

export async function welcome(
	server: RunningServer,
	about: Served,
	options: ServingOptions,
	{ terminal }: Surroundings,
): Promise<Objection | null> {
	const { ready } = server;
	const { config, configFile, stateDirectory } = about;
	if (options.json === true) showReady(ready, terminal);
	const closed = await proveClosed(ready);
	const proofs = [
		closed,
		...(ready.demonstration
			? []
			: upstreamExposure(
					config.upstreams.map(({ url }) => url),
					await listeningSockets(),
				)),
	];
	if (options.json === true) for (const proof of proofs) terminal.object({ event: "proof", ...proof });
	else {
		const elsewhere = otherMachinesUrl(ready.gateway, config.gateway.listen);
		const paint = terminal.paint.bind(terminal);
		for (const line of upReport({ version: VERSION, ready, configFile, stateDirectory, elsewhere, proofs }, paint)) terminal.line(line);
	}
	return closed.level === "fail" ? { message: closed.text, hint: closed.next } : null;
}

export async function proveClosed({ gateway, ca }: Pick<RunningServer["ready"], "gateway" | "ca">): Promise<Proof> {
	const answer = await knock(gateway, ca).catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
	if (answer === 401) return { level: "ok", text: "a request without a key was refused (401)", next: null };
	if (typeof answer === "string")
		return { level: "fail", text: `the gateway could not be reached from here: ${answer}`, next: "run: rempart doctor" };
	return {
		level: "fail",
		text: `a request without a key was answered with ${answer} and not refused`,
		next: "stop the gateway: this is a bug of rempart; please report it",
	};
}
