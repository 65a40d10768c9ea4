/** Caddy, from Debian: started with the configuration that is printed for it. */
import { proveProxy } from "../support/proxy-suite.ts";
import { CADDY } from "../support/real-program.ts";

proveProxy({
	kind: "caddy",
	program: CADDY,
	showsBody: false,
	showsChunked: false,
	refusesNominations: false,
	refusesUnderscores: false,
	resolvesDots: false,
	noticesEarlyDeparture: true,
	asksOverSocket: true,
});
