/**
 * Gives back, once in each thread, what starting took: parsing, schemas, certificates and migrations leave some 15 MB of garbage in the main thread and
 * 3 MB in that of the stores, and room that the runtime has grown for it and would keep at rest. A thread without work never collects by itself.
 *
 *  - It is asked of the runtime's own inspector, from within: no port is opened, and it concerns this thread alone. The flag that test tools use
 *    (`--expose-gc`) is the whole process's, so threads that start at once would take it from each other.
 *  - A few tens of milliseconds, before anybody is served. Never rejects: a server that could not give back serves all the same.
 */
import { Session } from "node:inspector";

export async function giveBackStartMemory(): Promise<void> {
	const session = new Session();
	session.connect();
	// "Low memory" to the engine, so it makes the heap smaller besides emptying it.
	await new Promise<void>((resolve) => session.post("HeapProfiler.collectGarbage", () => resolve()));
	session.disconnect();
}
