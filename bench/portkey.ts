/**
 * Portkey's gateway, the nearest relative: TypeScript on Node, between OpenAI clients and providers.
 *
 *  - The open one knows no callers, so nothing is authenticated; each request says where it goes, in its `x-portkey-*` fields.
 *  - `openai` with a custom host is the way on which it changes least. Addresses of this machine are trusted by its own default.
 *  - On the same Node as Rempart, without its console.
 */
import { join } from "node:path";

import { freePort, listening } from "./listening.ts";
import type { Surroundings, Target } from "./target.ts";

const START_MS = 20_000;

/** `folder` holds the package and its `node_modules`. */
export async function startPortkey(folder: string, surroundings: Surroundings): Promise<Target> {
	const { children, core, upstreamPort } = surroundings;
	const port = await freePort();
	const child = children.start({
		name: "portkey",
		program: process.execPath,
		args: [portkeyScript(folder), `--port=${port}`, "--headless"],
		core,
		env: { PATH: process.env["PATH"], NODE_ENV: "production" },
		logs: true,
	});
	await listening(port, child, START_MS);
	return {
		name: "portkey",
		pid: child.pid,
		host: "127.0.0.1",
		port,
		trusted: null,
		authorization: "Bearer nobody-checks-this",
		fields: [
			["x-portkey-provider", "openai"],
			["x-portkey-custom-host", `http://127.0.0.1:${upstreamPort}/v1`],
		],
		rewritten: true,
		most: null,
		stop: () => child.stop(),
	};
}

export function portkeyScript(folder: string): string {
	return join(folder, "node_modules", "@portkey-ai", "gateway", "build", "start-server.js");
}
