/**
 * What stands before Ollama's routes: the Host check of a server bound to loopback, cross-origin rules, and redirects of unclean paths.
 * They are no security (see the threat model), but clients meet them, so the demonstration has them.
 */
import { isIPv4, isIPv6 } from "node:net";
import { hostname } from "node:os";

import type { Reply } from "./reply.ts";

export interface Arrival {
	readonly method: string;
	/** As sent, without the query. */
	readonly path: string;
	readonly query: string;
	readonly host: string;
	readonly origin: string;
}

const STAINLESS =
	"Arch Async Custom-Poll-Interval Helper-Method Lang Os Package-Version Poll-Helper Retry-Count Runtime Runtime-Version Timeout".split(
		" ",
	);
const ALLOWED_HEADERS = [
	"Authorization,Content-Type,User-Agent,Accept,X-Requested-With,Openai-Beta",
	...STAINLESS.map((name) => `X-Stainless-${name}`),
].join(",");
const ALLOWED_ORIGINS = [
	/^https?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::.*)?$/,
	/^(?:app|file|tauri|vscode-webview|vscode-file):\/\//,
	/^(?:chrome|safari|moz|ms-browser)-extension:\/\//,
];

/** True when the arrival was answered here and goes no further. */
export function turnAway(arrival: Arrival, reply: Reply): boolean {
	return redirects(arrival, reply) || refusesOrigin(arrival, reply) || refusesHost(arrival, reply);
}

/** A path that a file system would read otherwise is sent back clean, with 307 so that a body comes again. */
function redirects({ method, path, query }: Arrival, reply: Reply): boolean {
	const clean = cleaned(path);
	if (clean === path) return false;
	redirect(method, 307, clean + query, reply);
	return true;
}

/** `status` with Go's little page, which only GET gets. */
export function redirect(method: string, status: 301 | 307, target: string, reply: Reply): void {
	reply.status = status;
	reply.set("Location", target);
	if (method !== "GET" && method !== "HEAD") return;
	reply.set("Content-Type", "text/html; charset=utf-8");
	if (method === "GET") reply.write(`<a href="${target}">${status === 301 ? "Moved Permanently" : "Temporary Redirect"}</a>.\n\n`);
}

function refusesOrigin({ method, origin, host }: Arrival, reply: Reply): boolean {
	if (origin === "" || origin === `http://${host}` || origin === `https://${host}`) return false;
	if (!ALLOWED_ORIGINS.some((allowed) => allowed.test(origin))) {
		reply.status = 403;
		return true;
	}
	reply.set("Access-Control-Allow-Origin", origin);
	if (method !== "OPTIONS") {
		reply.set("Vary", "Origin");
		return false;
	}
	reply.set("Access-Control-Allow-Headers", ALLOWED_HEADERS);
	reply.set("Access-Control-Allow-Methods", "GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS");
	reply.set("Access-Control-Max-Age", "43200");
	reply.set("Vary", "Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers");
	reply.status = 204;
	return true;
}

/** Against DNS rebinding: only addresses of this machine and names that stay inside. */
function refusesHost({ method, host }: Arrival, reply: Reply): boolean {
	const name = host
		.replace(/:[0-9]*$/, "")
		.replace(/^\[|\]$/g, "")
		.toLowerCase();
	if (isNear(name)) return false;
	if (name === "" || name === "localhost" || name === hostname().toLowerCase() || /\.(?:localhost|local|internal)$/.test(name)) {
		if (method !== "OPTIONS") return false;
		reply.status = 204;
		return true;
	}
	reply.status = 403;
	return true;
}

function isNear(name: string): boolean {
	if (isIPv6(name)) return name === "::1" || name === "::" || /^f[cd]/.test(name);
	return (
		isIPv4(name) &&
		(/^(?:127|10)\./.test(name) || name === "0.0.0.0" || name.startsWith("192.168.") || /^172\.(?:1[6-9]|2[0-9]|3[01])\./.test(name))
	);
}

function cleaned(path: string): string {
	const kept: string[] = [];
	for (const part of path.split("/")) {
		if (part === "..") kept.pop();
		else if (part !== "" && part !== ".") kept.push(part);
	}
	const trailing = path.endsWith("/") && kept.length > 0 ? "/" : "";
	return `/${kept.join("/")}${trailing}`;
}
