/** What a printed configuration is made of: everything about this server and this machine that another proxy has to be told. */
import { join } from "node:path";

import type { Config } from "../../config/config.ts";
import type { ListenAddress } from "../../config/values/listen.ts";
import type { UpstreamUrl } from "../../config/values/upstream-url.ts";

/** behind: proxy → Rempart → Ollama · beside: the proxy asks Rempart and goes to Ollama itself. */
export type Arrangement = "behind" | "beside";

export interface ProxyPlan {
	readonly arrangement: Arrangement;
	/** Host name that callers use. */
	readonly name: string;
	readonly bind: ListenAddress;
	/** PEM files of the proxy's certificate and key. */
	readonly certificate: string;
	readonly key: string;
	/** True where both were named, false where they are the usual places. */
	readonly certificateNamed: boolean;
	readonly gateway: GatewayTarget;
	readonly ask: AskTarget;
	/** `host:port`. */
	readonly ollama: string;
	readonly ollamaSecure: boolean;
	/** Bytes of a request's body, images included. */
	readonly bodyBytes: number;
	/** Whether Rempart expects the PROXY protocol's header of its proxies. */
	readonly proxyProtocol: boolean;
	/** The command that prints this, for the head of it. */
	readonly command: string;
	/** Lines of rempart.yaml that it needs. */
	readonly needs: readonly string[];
}

export interface GatewayTarget {
	readonly host: string;
	readonly port: number;
	/** `host:port`, with brackets around an IPv6 address. */
	readonly authority: string;
	/** Path of a Unix socket, which is then taken instead of the address. */
	readonly socket: string | null;
	/** Null in clear text. */
	readonly tls: UpstreamTls | null;
}

export interface UpstreamTls {
	/** The file of the authority that vouches for the gateway's certificate. */
	readonly ca: string;
	readonly name: string;
	/** Whether it is the local CA, which lies in the state directory. */
	readonly ours: boolean;
}

/** Where the proxy asks: an address, or a Unix socket. */
export interface AskTarget {
	readonly authority: string;
	readonly socket: string | null;
}

export interface PlanOptions {
	readonly arrangement: Arrangement;
	readonly kind: string;
	readonly name: string | null;
	readonly bind: ListenAddress;
	/** False where it is the usual address. */
	readonly bindNamed: boolean;
	readonly certificate: string | null;
	readonly key: string | null;
	readonly stateDirectory: string;
}

const DEFAULT_ASK = "127.0.0.1:11437";
const CERTIFICATE = "/etc/ssl/ollama/fullchain.pem";
const KEY = "/etc/ssl/ollama/privkey.pem";
const EXAMPLE_NAME = "ollama.example.org";

export function planOf(config: Config, options: PlanOptions): ProxyPlan {
	const { arrangement, kind, bind, certificate, key } = options;
	const { gateway, forwardAuth, upstreams, limits } = config;
	const name = options.name ?? gateway.names.find((each) => /[a-z]/.test(each) && !each.includes(":")) ?? EXAMPLE_NAME;
	const [upstream] = upstreams;
	const socket = forwardAuth.socket;
	const authority = forwardAuth.listen?.text ?? DEFAULT_ASK;
	const asked = socket === null ? `listen: "${authority}", proxies: ["127.0.0.1"]` : `socket: "${socket}"`;
	const takesSocket = gateway.socket !== null && kind !== "traefik";
	const way = takesSocket
		? `socket: "${gateway.socket}"`
		: `trusted_proxies: ["127.0.0.1"]${gateway.proxyProtocol ? ", proxy_protocol: true" : ""}`;
	return {
		arrangement,
		name,
		bind,
		certificate: certificate ?? CERTIFICATE,
		key: key ?? KEY,
		certificateNamed: certificate !== null && key !== null,
		gateway: takesSocket ? bySocket(config, options.stateDirectory) : gatewayOf(config, options.stateDirectory),
		ask: { authority, socket },
		ollama: upstream === undefined ? "127.0.0.1:11434" : authorityOf(upstream.url),
		ollamaSecure: upstream?.url.secure === true,
		bodyBytes: limits.bodyWithImagesBytes,
		command: commandOf(kind, name, options),
		needs:
			arrangement === "beside"
				? [`gateway: { names: ["${name}"] }`, `forward_auth: { ${asked} }`]
				: [`gateway: { names: ["${name}"], ${way} }`],
		proxyProtocol: gateway.proxyProtocol && !takesSocket,
	};
}

/** What was asked for and is not what would be printed anyway. */
function commandOf(kind: string, name: string, { arrangement, bind, bindNamed, certificate, key }: PlanOptions): string {
	const named = [
		...(bindNamed ? [`--bind ${bind.text}`] : []),
		...(certificate === null ? [] : [`--cert ${certificate}`]),
		...(key === null ? [] : [`--key ${key}`]),
	];
	return [`rempart proxy ${kind} --${arrangement} --name ${name}`, ...named].join(" ");
}

/** A socket of the file system is nearer and needs no TLS, where the proxy can take it. */
function bySocket(config: Config, stateDirectory: string): GatewayTarget {
	const { socket } = config.gateway;
	const target = gatewayOf(config, stateDirectory);
	return socket === null ? target : { ...target, socket, tls: null };
}

/** A listener on every address is reached by the loopback one from the same machine. */
function gatewayOf({ gateway: { listen, tls, names } }: Config, stateDirectory: string): GatewayTarget {
	const host = listen.host === "0.0.0.0" ? "127.0.0.1" : listen.host === "::" ? "::1" : listen.host;
	const target = { host, port: listen.port, authority: `${host.includes(":") ? `[${host}]` : host}:${listen.port}`, socket: null };
	switch (tls.mode) {
		case "off":
			return { ...target, tls: null };
		case "local-ca":
			return { ...target, tls: { ca: join(stateDirectory, "tls", "ca.pem"), name: "localhost", ours: true } };
		case "files":
			return { ...target, tls: { ca: "/etc/ssl/certs/ca-certificates.crt", name: names[0] ?? "localhost", ours: false } };
	}
}

function authorityOf({ host, port }: UpstreamUrl): string {
	return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Fields by which a caller could claim to be somebody, or to come from somewhere. */
export const CLAIMED_FIELDS = [
	"Remote-User",
	"Remote-Groups",
	"Remote-Email",
	"Remote-Name",
	"X-Remote-User",
	"X-Forwarded-User",
	"X-Forwarded-Email",
	"X-Forwarded-Groups",
	"X-Forwarded-Preferred-Username",
	"X-Auth-Request-User",
	"X-Auth-Request-Email",
	"X-Auth-Request-Groups",
	"X-Rempart-Principal",
] as const;

/** Programs that take fields from environment variables (CGI, WSGI) see no difference between the two spellings. */
export function inBothSpellings(fields: readonly string[]): readonly string[] {
	return fields.flatMap((field) => (field.includes("-") ? [field, field.replaceAll("-", "_")] : [field]));
}

/** Fields that Rempart answers a permit with. */
export const GRANTED_FIELDS = ["Remote-User", "X-Auth-Request-User", "X-Rempart-Principal"] as const;

/**
 * Fields by which a caller would have another request served than was asked about, where something behind reads them; `Upgrade` to h2c would make a
 * tunnel of the connection, and what goes through it nobody asks about.
 */
export const OVERRIDING_FIELDS = [
	"X-Original-URL",
	"X-Original-URI",
	"X-Rewrite-URL",
	"X-HTTP-Method-Override",
	"Forwarded",
	"Proxy",
	"Upgrade",
	"HTTP2-Settings",
] as const;

/** Fields that hold a credential, and one that Ollama refuses pages by; Ollama needs none of them. */
export const SPENT_FIELDS = ["Authorization", "X-Api-Key", "Api-Key", "Origin"] as const;
