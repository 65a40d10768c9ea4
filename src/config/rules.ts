/**
 * What must hold between settings, once each of them is right by itself.
 *
 *  - A rule sees a whole, typed configuration, whether it came from a file or was changed by a flag.
 *  - `needs` names what a rule looks at. Where one of those is mistaken itself, the rule keeps silent: its complaint would be a consequence.
 */

import { CREDENTIAL_FACTORS } from "../model/factor.ts";
import { isLoopbackHost } from "../std/loopback-host.ts";
import type { Config } from "./config.ts";
import type { SettingPath } from "./problem.ts";
import type { ListenAddress } from "./values/listen.ts";
import type { Mistake } from "./values/mistake.ts";
import type { UpstreamUrl } from "./values/upstream-url.ts";

export interface RuleMistake extends Mistake {
	readonly path: SettingPath;
}

export interface Rule {
	/** For tests and whoever reads them; users are told paths. */
	readonly name: string;
	readonly needs: readonly SettingPath[];
	readonly check: (config: Config) => readonly RuleMistake[];
}

const broken = (holds: boolean, path: SettingPath, message: string, hint: string): readonly RuleMistake[] =>
	holds ? [] : [{ path, message, hint }];

export const RULES: readonly Rule[] = [
	{
		// Invariant: with nothing but ordinary settings, no credential crosses a network in clear.
		name: "clear-text-stays-home",
		needs: [
			["gateway", "listen"],
			["gateway", "tls"],
		],
		check: ({ gateway: { listen, tls } }) =>
			broken(
				tls.mode !== "off" || listen.loopback || tls.insecureClearText,
				["gateway", "tls", "mode"],
				`off would send credentials in clear, since ${listen.text} can be reached from other machines`,
				"set mode to local-ca or files, listen on 127.0.0.1, or set gateway.tls.insecure_clear_text: true",
			),
	},
	{
		name: "admin-stays-home",
		needs: [
			["admin", "listen"],
			["admin", "insecure_remote"],
		],
		check: ({ admin }) =>
			broken(
				admin.listen.loopback || admin.insecureRemote,
				["admin", "listen"],
				`${admin.listen.text} can be reached from other machines`,
				`write 127.0.0.1:${admin.listen.port}, or set admin.insecure_remote: true`,
			),
	},
	{
		name: "listeners-differ",
		needs: [
			["gateway", "listen"],
			["admin", "listen"],
		],
		check: ({ gateway, admin }) =>
			broken(
				!collide(gateway.listen, admin.listen),
				["admin", "listen"],
				`is taken by gateway.listen, ${gateway.listen.text}`,
				"give it a port of its own: 127.0.0.1:11436",
			),
	},
	{
		name: "proxy-protocol-knows-its-proxies",
		needs: [
			["gateway", "trusted_proxies"],
			["gateway", "proxy_protocol"],
		],
		check: ({ gateway: { trustedProxies, proxyProtocol } }) =>
			broken(
				!proxyProtocol || trustedProxies.length > 0,
				["gateway", "proxy_protocol"],
				"has no effect while gateway.trusted_proxies names nobody",
				'name the proxy: trusted_proxies: ["127.0.0.1"]',
			),
	},
	{
		name: "proxy-users-have-a-way",
		needs: [
			["gateway", "socket"],
			["identities", "proxy"],
		],
		check: ({ gateway: { socket }, identities: { proxy } }) =>
			broken(
				proxy.field === null || socket !== null || proxy.certificates.length > 0,
				["identities", "proxy", "field"],
				"names users, but there is no way on which it would be believed",
				"set gateway.socket, or name the proxy's certificate in identities.proxy.certificates",
			),
	},
	{
		// Nobody may ask who is not named: whoever is answered is believed about whose request it asks for.
		name: "forward-auth-knows-its-proxies",
		needs: [["forward_auth"]],
		check: ({ forwardAuth: { listen, proxies } }) =>
			broken(
				listen === null || proxies.length > 0,
				["forward_auth", "proxies"],
				"names nobody, so nobody could ask at forward_auth.listen",
				'name the proxy: proxies: ["127.0.0.1"]',
			),
	},
	{
		name: "forward-auth-stays-home",
		needs: [["forward_auth"]],
		check: ({ forwardAuth: { listen, insecureClearText } }) =>
			broken(
				listen === null || listen.loopback || insecureClearText,
				["forward_auth", "listen"],
				`${listen?.text ?? ""} can be reached from other machines, and callers' keys would come to it in clear`,
				"listen on 127.0.0.1, use forward_auth.socket, or set forward_auth.insecure_clear_text: true",
			),
	},
	{
		name: "forward-auth-has-its-own-port",
		needs: [
			["gateway", "listen"],
			["admin", "listen"],
			["forward_auth", "listen"],
		],
		check: ({ gateway, admin, forwardAuth: { listen } }) =>
			broken(
				listen === null || (!collide(listen, gateway.listen) && !collide(listen, admin.listen)),
				["forward_auth", "listen"],
				"is taken by gateway.listen or admin.listen",
				"give it a port of its own: 127.0.0.1:11437",
			),
	},
	{
		name: "network-factor-has-networks",
		needs: [["roles"]],
		check: ({ policy: { roles } }) =>
			Object.entries(roles).flatMap(([name, role]) =>
				broken(
					!role.require.includes("network") || role.networks.allow.length > 0 || role.networks.allowFile !== null,
					["roles", name, "require"],
					"demands a network, and none is listed, so nobody could have the role",
					`list them: roles.${name}.networks.allow`,
				),
			),
	},
	{
		name: "credential-factors-are-alternatives",
		needs: [["roles"]],
		check: ({ policy: { roles } }) =>
			Object.entries(roles).flatMap(([name, role]) => {
				const kinds = CREDENTIAL_FACTORS.filter((factor) => role.require.includes(factor));
				return broken(
					kinds.length <= 1,
					["roles", name, "require"],
					`demands ${kinds.join(" and ")}, which no request has together, so nobody could have the role`,
					"make a role for each",
				);
			}),
	},
	{
		name: "certificate-factor-is-asked-for",
		needs: [["roles"], ["identities", "certificates"]],
		check: ({ policy: { roles }, identities: { certificates } }) =>
			Object.entries(roles).flatMap(([name, role]) =>
				broken(
					!role.require.includes("certificate") || certificates.ask,
					["roles", name, "require"],
					"demands a certificate, and callers are asked for none, so nobody could have the role",
					"set identities.certificates.ask: true",
				),
			),
	},
	{
		// A request that comes back through the front door would be refused there, or go round for ever.
		name: "no-way-round",
		needs: [["gateway", "listen"], ["admin", "listen"], ["upstreams"]],
		check: ({ gateway, admin, upstreams }) =>
			upstreams.flatMap(({ url }, index) =>
				broken(
					!leadsTo(url, gateway.listen) && !leadsTo(url, admin.listen),
					["upstreams", index, "url"],
					`${url.text} is this server itself`,
					"name the Ollama server: http://127.0.0.1:11434",
				),
			),
	},
	{
		name: "upstream-names-differ",
		needs: [["upstreams"]],
		check: ({ upstreams }) =>
			repeated(
				upstreams.map(({ name }) => name),
				"name",
				"give each upstream a name of its own",
			),
	},
	{
		name: "upstream-servers-differ",
		needs: [["upstreams"]],
		check: ({ upstreams }) =>
			repeated(
				upstreams.map(({ url }) => url.text),
				"url",
				"name each server once",
			),
	},
	{
		name: "checks-do-not-overlap",
		needs: [
			["upstream", "health_interval"],
			["upstream", "health_timeout"],
		],
		check: ({ upstream }) =>
			broken(
				upstream.healthTimeoutMs <= upstream.healthIntervalMs,
				["upstream", "health_timeout"],
				"is longer than health_interval, so checks would overlap",
				"make it shorter, or health_interval longer",
			),
	},
	{
		name: "images-fit-where-text-does",
		needs: [
			["limits", "body"],
			["limits", "body_with_images"],
		],
		check: ({ limits }) =>
			broken(
				limits.bodyBytes <= limits.bodyWithImagesBytes,
				["limits", "body_with_images"],
				"is less than limits.body",
				"make it at least as large as limits.body",
			),
	},
	{
		name: "bodies-fit-memory",
		needs: [
			["limits", "body_with_images"],
			["limits", "memory"],
		],
		check: ({ limits }) =>
			broken(
				limits.bodyWithImagesBytes <= limits.memoryBytes / 2,
				["limits", "memory"],
				"is less than two bodies of limits.body_with_images",
				"raise it, or lower limits.body_with_images",
			),
	},
	{
		name: "addresses-fit-connections",
		needs: [["limits", "connections"]],
		check: ({ limits: { connections } }) => [
			...broken(
				connections.perAddress <= connections.total,
				["limits", "connections", "per_address"],
				"is more than total",
				"make it at most limits.connections.total",
			),
			...broken(
				connections.unauthenticatedPerAddress <= connections.perAddress,
				["limits", "connections", "unauthenticated_per_address"],
				"is more than per_address",
				"make it at most limits.connections.per_address",
			),
		],
	},
	{
		name: "floor-below-cap",
		needs: [
			["wedge", "floor"],
			["wedge", "cap"],
		],
		check: ({ wedge }) => broken(wedge.floorMs <= wedge.capMs, ["wedge", "floor"], "is longer than wedge.cap", "make it at most wedge.cap"),
	},
];

function collide(one: ListenAddress, other: ListenAddress): boolean {
	return one.port !== 0 && one.port === other.port && (one.host === other.host || one.unspecified || other.unspecified);
}

function leadsTo(url: UpstreamUrl, listen: ListenAddress): boolean {
	if (url.port !== listen.port) return false;
	return url.host === listen.host || (isLoopbackHost(url.host) && (listen.loopback || listen.unspecified));
}

function repeated(values: readonly string[], key: string, hint: string): readonly RuleMistake[] {
	return values.flatMap((value, index) =>
		broken(values.indexOf(value) === index, ["upstreams", index, key], `${value} is named twice`, hint),
	);
}
