/** For servers that can neither choose a port nor say which. */
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import type { Child } from "./children.ts";

const LOOK_EVERY_MS = 20;

export function freePort(): Promise<number> {
	const server = net.createServer();
	const { promise, resolve, reject } = Promise.withResolvers<number>();
	server.once("error", reject).listen(0, "127.0.0.1", () => {
		const address = server.address();
		server.close(() => resolve(address !== null && typeof address === "object" ? address.port : 0));
	});
	return promise;
}

/** Resolves once the port accepts. */
export async function listening(port: number, child: Child, timeoutMs: number): Promise<void> {
	const until = performance.now() + timeoutMs;
	while (!(await accepts(port))) {
		child.assertRunning();
		if (performance.now() > until) throw new Error(`nobody listens on port ${port}; see the logs, with --keep`);
		await sleep(LOOK_EVERY_MS);
	}
}

function accepts(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = net.connect(port, "127.0.0.1", () => {
			socket.destroy();
			resolve(true);
		});
		socket.once("error", () => resolve(false));
	});
}
