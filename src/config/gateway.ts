import type * as z from "zod";

import { networksSection } from "./networks.ts";
import { tlsSection } from "./tls.ts";
import { filePath } from "./values/file-path.ts";
import { hostName } from "./values/host-name.ts";
import { listen } from "./values/listen.ts";
import { network } from "./values/network.ts";
import { originPattern } from "./values/origin-pattern.ts";
import { flag, listOf } from "./values/plain.ts";
import { section } from "./values/section.ts";

export const gatewaySection = section({
	listen: listen().prefault("0.0.0.0:11435").meta({
		description: "Address and port that callers connect to. Every request needs a credential, whatever the address.",
		example: "[::]:11435",
	}),
	names: listOf(hostName(), { max: 256 })
		.prefault([])
		.meta({
			description:
				"Further host names and addresses that this server answers for, besides its own. They go into the certificate of local-ca, and a request for another Host is refused (421).",
			risk: "A name whose DNS somebody else controls lets pages of theirs reach this server (DNS rebinding).",
			example: ["gpu.example.org", "192.0.2.7"],
		}),
	origins: listOf(originPattern(), { max: 256 })
		.prefault([])
		.meta({
			description:
				"Browser origins whose pages may call. A star stands for the left-most label of a host (https://*.example.org) or for every host of an application's own scheme (app://*). Programs send no origin and need no entry.",
			risk: "A page of such an origin can use whatever key its visitor has stored for it.",
			example: ["https://chat.example.org", "app://*"],
		}),
	socket: filePath().optional().meta({
		description:
			"Unix socket on which the gateway listens besides, in clear, for a proxy on the same machine. Its mode is 0660 and its group the server's: put it in a directory that belongs to the proxy's group, with the set-group-ID bit (install -d -m 2750 -g www-data /run/rempart), and it takes that group. Whoever opens it counts as one of trusted_proxies. A second server for a hand-over (reuse_port) needs another path.",
		example: "/run/rempart/gateway.sock",
	}),
	trusted_proxies: listOf(network(), { max: 10_000 })
		.prefault([])
		.meta({
			description:
				"Addresses and networks of your own proxies before this gateway. For their connections the caller is the right-most address of X-Forwarded-For that is not one of theirs, and X-Forwarded-Proto says whether it came over TLS. Nobody else's such fields are looked at. None is trusted unless it is named.",
			risk: "Whoever sends from such an address may claim to come from any other.",
			example: ["127.0.0.1", "10.0.0.0/8"],
		}),
	proxy_protocol: flag().prefault(false).meta({
		description:
			"Whether every connection of trusted_proxies begins with a header of the PROXY protocol, version 2, which names the caller. A connection of theirs without one is closed.",
	}),
	networks: networksSection.prefault({}).meta({
		description:
			"From where callers may come at all, whoever they are. Whoever may not is not read: the connection is closed before TLS. Behind trusted_proxies, and where another proxy asks (forward_auth), the caller's own address counts and the answer is that for a wrong credential.",
	}),
	reuse_port: flag().prefault(false).meta({
		description:
			"Whether another server, with a state directory of its own, may listen on the same port: for a hand-over in which the old one drains while the new one takes the callers.",
		risk: "While both run, the system spreads callers over both, each with its own keys.",
	}),
	tls: tlsSection.prefault({}).meta({ description: "Encryption towards callers. TLS 1.2 at least; only HTTP/1.1 is offered." }),
}).transform((written) => ({
	listen: written.listen,
	names: written.names,
	origins: written.origins,
	socket: written.socket ?? null,
	trustedProxies: written.trusted_proxies,
	proxyProtocol: written.proxy_protocol,
	networks: written.networks,
	reusePort: written.reuse_port,
	tls: written.tls,
}));

export type GatewayConfig = Readonly<z.output<typeof gatewaySection>>;
