/**
 * Gives back, once in each thread, what starting took: parsing, schemas, certificates and migrations leave some 15 MB of garbage in the main thread and
 * 3 MB in that of the stores, and room that the runtime has grown for it and would keep at rest. A thread without work never collects by itself.
 *
 * The runtime has no call for it but the flag that test tools use; it makes the function in a context of its own, so that nothing else can see it. A few
 * tens of milliseconds, before anybody is served.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

export function giveBackStartMemory(): void {
	setFlagsFromString("--expose-gc");
	const collect: unknown = runInNewContext("gc");
	// Threads that start later take what was compiled only under the flags under which it was.
	setFlagsFromString("--no-expose-gc");
	if (typeof collect !== "function") return;
	// The one flavour that makes the heap smaller besides emptying it.
	collect({ type: "major", execution: "sync", flavor: "last-resort" });
}
