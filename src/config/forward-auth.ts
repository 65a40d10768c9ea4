import type * as z from "zod";

import { UNSEEN_OPERATIONS } from "../model/unseen-operation.ts";
import { filePath } from "./values/file-path.ts";
import { listen } from "./values/listen.ts";
import { network } from "./values/network.ts";
import { flag, listOf, oneOf } from "./values/plain.ts";
import { section } from "./values/section.ts";

export const forwardAuthSection = section({
	listen: listen().optional().meta({
		description:
			"Address and port where a proxy asks whether a request may pass (nginx auth_request, Traefik forwardAuth, Caddy forward_auth, HAProxy, Envoy ext_authz). Off unless it or socket is set. Must be loopback unless insecure_clear_text is true.",
		example: "127.0.0.1:11437",
	}),
	socket: filePath().optional().meta({
		description:
			"Unix socket where a proxy asks, instead of or beside listen. Its mode is 0660 and its group the server's, or that of a directory with the set-group-ID bit (install -d -m 2750 -g www-data /run/rempart), which should be the proxy's.",
		example: "/run/rempart/forward-auth.sock",
	}),
	proxies: listOf(network(), { max: 1_000 })
		.prefault([])
		.meta({
			description:
				"Addresses and networks of the proxies that may ask at listen. Whoever else connects there is not read. None is trusted unless it is named.",
			risk: "A proxy is believed about the method, the target and the address of the request that it asks about.",
			example: ["127.0.0.1", "::1"],
		}),
	insecure_unseen: listOf(oneOf(UNSEEN_OPERATIONS), { max: 100 })
		.prefault([])
		.meta({
			description:
				"Operations that may pass although the proxy does not show what the rules need: the body (nginx and Caddy never show it), or the answer. Identity, role, class and rate are checked all the same. Without an entry such a request is refused.",
			risk: "For these operations no list of models, no bound on parameters and no virtual patch holds, and lists of models are shown whole: whoever may use the operation may use it with any model.",
			example: ["chat", "generate", "v1-chat-completions"],
		}),
	insecure_clear_text: flag().prefault(false).meta({
		description: "Permits a listen address that other machines can reach.",
		risk: "Callers' keys cross the network between proxy and Rempart in clear. Only for a network that encrypts by itself.",
	}),
}).transform((written) => ({
	listen: written.listen ?? null,
	socket: written.socket ?? null,
	proxies: written.proxies,
	insecureUnseen: written.insecure_unseen,
	insecureClearText: written.insecure_clear_text,
}));

export type ForwardAuthConfig = Readonly<z.output<typeof forwardAuthSection>>;
