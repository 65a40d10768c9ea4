/** A gateway that proxies may ask, and a proxy's question as bytes. */
import type { ServerStatus } from "../../src/admin/admin-deps.ts";
import { type Gateway, type GatewayOptions, startGateway } from "./gateway.ts";

export interface AskedGateway extends Gateway {
	readonly askPort: number;
}

/** `forwardAuth` holds further lines of the section, in flow style: `insecure_unseen: [chat]`. */
export async function startAskedGateway({
	forwardAuth = "",
	...options
}: GatewayOptions & { readonly forwardAuth?: string }): Promise<AskedGateway> {
	const yaml = `forward_auth: { listen: "127.0.0.1:0", proxies: [127.0.0.1]${forwardAuth === "" ? "" : `, ${forwardAuth}`} }\n${options.yaml ?? ""}`;
	const gateway = await startGateway({ ...options, yaml });
	return Object.assign(gateway, { askPort: await askPortOf(gateway) });
}

async function askPortOf({ admin }: Gateway): Promise<number> {
	const answer = await admin.get("/v1/status");
	const { listeners } = answer.json() as Pick<ServerStatus, "listeners">;
	const address = listeners.find(({ name }) => name === "forward-auth")?.address;
	if (address === undefined) throw new Error("nobody listens for questions");
	return Number(new URL(address).port);
}

export interface Question {
	readonly proxy: "nginx" | "traefik" | "caddy" | "haproxy" | "envoy";
	readonly method?: string;
	/** Path and query that are asked about. */
	readonly target?: string;
	readonly key?: string;
	/** Shown to Rempart, where the proxy can. */
	readonly body?: string;
	readonly fields?: readonly (readonly [string, string])[];
}

/** As the proxy itself would ask. */
export function questionOf({ proxy, method = "GET", target = "/api/tags", key, body, fields = [] }: Question): Buffer {
	const own: readonly (readonly [string, string])[] =
		proxy === "envoy"
			? [
					["host", "localhost"],
					["x-forwarded-for", "203.0.113.9"],
				]
			: [
					["host", "rempart"],
					[proxy === "nginx" ? "x-original-method" : "x-forwarded-method", method],
					[proxy === "nginx" ? "x-original-uri" : "x-forwarded-uri", target],
					["x-forwarded-host", "localhost"],
					["x-forwarded-for", "203.0.113.9"],
					["x-forwarded-proto", "https"],
				];
	const line = proxy === "envoy" ? `${method} /auth/envoy${target} HTTP/1.1` : `GET /auth/${proxy} HTTP/1.1`;
	const lines = [line, ...[...own, ...fields].map(([name, value]) => `${name}: ${value}`)];
	if (key !== undefined) lines.push(`authorization: Bearer ${key}`);
	if (body !== undefined) lines.push("content-type: application/json", `content-length: ${Buffer.byteLength(body)}`);
	return Buffer.from(`${lines.join("\r\n")}\r\n\r\n${body ?? ""}`, "latin1");
}
