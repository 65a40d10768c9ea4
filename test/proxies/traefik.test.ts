/** Traefik, where the machine has it: started with the configuration that is printed for it. */
import { proveProxy } from "../support/proxy-suite.ts";
import { TRAEFIK } from "../support/real-program.ts";

proveProxy({
	kind: "traefik",
	program: TRAEFIK,
	showsBody: true,
	showsChunked: true,
	refusesNominations: false,
	refusesUnderscores: false,
	resolvesDots: true,
	noticesEarlyDeparture: true,
	asksOverSocket: false,
});
