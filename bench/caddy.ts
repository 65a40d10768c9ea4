/**
 * Caddy with `basic_auth`, as its own documentation has it.
 *
 * It takes bcrypt only (cost 10 here) and remembers in memory what it has checked, which the Caddyfile switches on by itself: measured as it is. No
 * log, no admin interface, no automatic HTTPS; `flush_interval -1` because answers are streams.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { BASIC, HASHES, USER } from "./credentials.ts";
import { freePort, listening } from "./listening.ts";
import type { Surroundings, Target } from "./target.ts";

const START_MS = 10_000;
/** Since 2.8 the directive is written with an underscore. */
const OLD_NAME = /^v?2\.[0-7](?:\.|$)/;

export async function startCaddy(program: string, surroundings: Surroundings): Promise<Target> {
	const { children, core, upstreamPort } = surroundings;
	const folder = join(surroundings.folder, "caddy");
	const port = await freePort();
	mkdirSync(folder);
	const version = execFileSync(program, ["version"], { encoding: "utf8" });
	writeFileSync(join(folder, "Caddyfile"), configuration(port, upstreamPort, OLD_NAME.test(version) ? "basicauth" : "basic_auth"));
	const child = children.start({
		name: "caddy",
		program,
		args: ["run", "--config", join(folder, "Caddyfile"), "--adapter", "caddyfile"],
		core,
		env: { PATH: process.env["PATH"], HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
		logs: true,
	});
	await listening(port, child, START_MS);
	return {
		name: "caddy",
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

function configuration(port: number, upstreamPort: number, directive: string): string {
	return `{
	admin off
	auto_https off
}
http://:${port} {
	bind 127.0.0.1
	${directive} {
		${USER} ${HASHES.bcrypt}
	}
	reverse_proxy 127.0.0.1:${upstreamPort} {
		flush_interval -1
		transport http {
			keepalive_idle_conns_per_host 1024
		}
	}
}
`;
}
