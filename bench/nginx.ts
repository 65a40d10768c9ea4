/**
 * nginx as people put it before Ollama: Basic authentication from a password file, kept connections on both sides, no buffering of answers.
 *
 *  - Passwords are `{PLAIN}`, the cheapest that nginx can check, so that the comparison is with nginx at its best; `apr1` and `bcrypt` are what
 *    password files hold in fact. It hashes in its only thread, and anew for each request.
 *  - One worker, one listener, no access log; the variants add a buffered log, another hash or TLS, and nothing else.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { BASIC, HASHES, type PasswordScheme, USER } from "./credentials.ts";
import { freePort, listening } from "./listening.ts";
import type { Surroundings, Target } from "./target.ts";

const START_MS = 5_000;
/** Bcrypt takes some 50 ms each, one after the other: more callers would only wait longer, and be forgotten at the end of a window. */
const BCRYPT_MOST = { connections: 4, streams: 4 };

export interface NginxVariant {
	readonly name: "nginx" | "nginx-log" | "nginx-apr1" | "nginx-bcrypt" | "nginx-tls";
	readonly password: PasswordScheme;
	readonly accessLog: boolean;
	readonly tls: boolean;
}

export async function startNginx(program: string, variant: NginxVariant, surroundings: Surroundings): Promise<Target> {
	const { children, core, certificate } = surroundings;
	const folder = join(surroundings.folder, variant.name);
	const port = await freePort();
	mkdirSync(folder);
	writeFileSync(join(folder, "passwords"), `${USER}:${HASHES[variant.password]}\n`);
	writeFileSync(join(folder, "nginx.conf"), configuration(variant, folder, port, surroundings));
	const child = children.start({ name: variant.name, program, args: ["-p", folder, "-c", "nginx.conf", "-e", "error.log"], core });
	await listening(port, child, START_MS);
	return {
		name: variant.name,
		pid: child.pid,
		host: "127.0.0.1",
		port,
		trusted: variant.tls ? certificate.authority : null,
		authorization: BASIC,
		fields: [],
		rewritten: false,
		most: variant.password === "bcrypt" ? BCRYPT_MOST : null,
		stop: () => child.stop(),
	};
}

function configuration(
	{ accessLog, tls }: NginxVariant,
	folder: string,
	port: number,
	{ upstreamPort, certificate }: Surroundings,
): string {
	// Without it a master that runs as root hands its work to a user who may not enter the run's directory.
	const user = process.getuid?.() === 0 ? "user root;" : "";
	const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${join(folder, kind)};`);
	return `
daemon off;
${user}
worker_processes 1;
worker_rlimit_nofile 65536;
pid ${join(folder, "nginx.pid")};
error_log ${join(folder, "error.log")} warn;
events { worker_connections 8192; }
http {
	${temporary.join("\n\t")}
	access_log ${accessLog ? `${join(folder, "access.log")} combined buffer=64k flush=1s` : "off"};
	keepalive_timeout 75s;
	keepalive_requests 1000000;
	upstream ollama {
		server 127.0.0.1:${upstreamPort};
		keepalive 1024;
		keepalive_requests 1000000;
	}
	server {
		listen 127.0.0.1:${port}${tls ? " ssl" : ""} backlog=4096;
		${tls ? `ssl_certificate ${certificate.certificate}; ssl_certificate_key ${certificate.key}; ssl_protocols TLSv1.2 TLSv1.3;` : ""}
		location / {
			auth_basic "Ollama";
			auth_basic_user_file ${join(folder, "passwords")};
			proxy_pass http://ollama;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			proxy_buffering off;
			proxy_read_timeout 600s;
			client_max_body_size 64m;
		}
	}
}
`;
}
