/** HAProxy, from Debian: started with the configuration that is printed for it. */
import { proveProxy } from "../support/proxy-suite.ts";
import { HAPROXY } from "../support/real-program.ts";

proveProxy({
	kind: "haproxy",
	program: HAPROXY,
	showsBody: true,
	// HAProxy does not close a request that waits for its answer, whatever abortonclose says.
	noticesEarlyDeparture: false,
	asksOverSocket: true,
});
