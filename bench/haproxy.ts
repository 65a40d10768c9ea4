/**
 * HAProxy with a user list: Basic authentication by `http-request auth`, kept connections on both sides.
 *
 * The password stands in the list in clear, its cheapest form, as in nginx's. One thread, no log, no compression; `http-no-delay` because answers are
 * streams.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { BASIC, PASSWORD, USER } from "./credentials.ts";
import { freePort, listening } from "./listening.ts";
import type { Surroundings, Target } from "./target.ts";

const START_MS = 5_000;

export async function startHaproxy(program: string, surroundings: Surroundings): Promise<Target> {
	const { children, core, upstreamPort } = surroundings;
	const folder = join(surroundings.folder, "haproxy");
	const port = await freePort();
	mkdirSync(folder);
	writeFileSync(join(folder, "haproxy.cfg"), configuration(port, upstreamPort));
	const child = children.start({ name: "haproxy", program, args: ["-db", "-f", join(folder, "haproxy.cfg")], core, logs: true });
	await listening(port, child, START_MS);
	return {
		name: "haproxy",
		pid: child.pid,
		host: "127.0.0.1",
		port,
		trusted: null,
		authorization: BASIC,
		fields: [],
		rewritten: false,
		most: null,
		stop: () => child.stop(),
	};
}

function configuration(port: number, upstreamPort: number): string {
	return `
global
	nbthread 1
	maxconn 8192
defaults
	mode http
	maxconn 8192
	timeout connect 5s
	timeout client 600s
	timeout server 600s
	option http-no-delay
	http-reuse always
userlist callers
	user ${USER} insecure-password ${PASSWORD}
frontend gateway
	bind 127.0.0.1:${port} backlog 4096
	http-request auth realm Ollama unless { http_auth(callers) }
	default_backend ollama
backend ollama
	server scripted 127.0.0.1:${upstreamPort}
`;
}
