/**
 * Loaded into a server's process (`--expose-gc --import`): on SIGUSR2 collects garbage and prints one line of JSON with what is still held.
 *
 * So a test or a bench sees what the server holds and not what it has not yet swept away, and the server itself needs no switch for it.
 */
export interface Held {
	readonly event: "held";
	/** Bytes of JavaScript objects. */
	readonly heap: number;
	/** Bytes of buffers. */
	readonly buffers: number;
	/** Bytes of the whole process, as the kernel counts. */
	readonly resident: number;
	/** What keeps the event loop alive, by kind: sockets, timers and the like. */
	readonly resources: Readonly<Record<string, number>>;
}

export function isHeld(said: unknown): said is Held {
	return typeof said === "object" && said !== null && "event" in said && said.event === "held";
}

if (globalThis.gc !== undefined) {
	process.on("SIGUSR2", () => {
		// A second round takes what the first one's finalisers let go.
		globalThis.gc?.();
		setImmediate(() => {
			globalThis.gc?.();
			process.stdout.write(`${JSON.stringify(held())}\n`);
		});
	});
}

function held(): Held {
	const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
	const resources: Record<string, number> = {};
	for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
	return { event: "held", heap: heapUsed, buffers: arrayBuffers, resident: rss, resources };
}
