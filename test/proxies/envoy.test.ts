/** Envoy, where the machine has it: started with the configuration that is printed for it. */
import { proveProxy } from "../support/proxy-suite.ts";
import { ENVOY } from "../support/real-program.ts";

proveProxy({
	kind: "envoy",
	program: ENVOY,
	showsBody: true,
	showsChunked: true,
	refusesNominations: true,
	refusesUnderscores: true,
	resolvesDots: false,
	noticesEarlyDeparture: true,
	asksOverSocket: true,
});
