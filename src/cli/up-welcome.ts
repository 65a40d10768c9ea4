/**
 * What `up` does once the server is up: proves that the door is closed, then says where things are and what to paste.
 *
 * Where the door is not closed, the gateway does not do what it exists for, and is ended.
 */
import type { RunningServer } from "../app/start-server.ts";
import { VERSION } from "../app/version.ts";
import { listeningSockets } from "./listening-sockets.ts";
import { otherMachinesUrl } from "./other-machines.ts";
import { proveClosed } from "./prove-closed.ts";
import { showReady } from "./ready.ts";
import type { Objection, Served, ServingOptions } from "./serving.ts";
import type { Surroundings } from "./surroundings.ts";
import { upReport } from "./up-report.ts";
import { upstreamExposure } from "./upstream-exposure.ts";

export async function welcome(
	server: RunningServer,
	about: Served,
	options: ServingOptions,
	{ terminal, environment }: Surroundings,
): Promise<Objection | null> {
	const { ready } = server;
	const { config, configFile, stateDirectory } = about;
	if (options.json === true) showReady(ready, terminal);
	const closed = await proveClosed({ gateway: ready.gateway, ca: ready.ca, config });
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
		// What npm runs of a checkout is on nobody's path.
		const program = environment["npm_lifecycle_event"] === undefined ? "rempart" : "npm run --silent rempart --";
		for (const line of upReport({ version: VERSION, ready, configFile, stateDirectory, elsewhere, proofs, program }, paint))
			terminal.line(line);
	}
	return closed.level === "fail" ? { message: closed.text, hint: closed.next } : null;
}
