/** HAProxy, from Debian: started with the configuration that is printed for it. */
import { type ProxyFacts, proveProxy, proveProxyProtocol } from "../support/proxy-suite.ts";
import { HAPROXY } from "../support/real-program.ts";

const FACTS: ProxyFacts = {
	kind: "haproxy",
	program: HAPROXY,
	showsBody: true,
	showsChunked: false,
	refusesNominations: false,
	refusesUnderscores: false,
	resolvesDots: false,
	// HAProxy does not close a request that waits for its answer, whatever abortonclose says.
	noticesEarlyDeparture: false,
	asksOverSocket: true,
};

proveProxy(FACTS);
proveProxyProtocol(FACTS);
