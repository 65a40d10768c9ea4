import * as z from "zod";

import { filePath } from "./values/file-path.ts";
import { joined } from "./values/mistake.ts";
import { flag, oneOf } from "./values/plain.ts";
import { section } from "./values/section.ts";

const TLS_MODES = ["local-ca", "files", "off"] as const;

/** Each mode carries what it needs and nothing else, so that a certificate without its key does not come out of here. */
export type TlsConfig =
	| { readonly mode: "local-ca" }
	| { readonly mode: "files"; readonly certificate: string; readonly key: string }
	/** Permitted only on loopback, or where the operator insists; `rules.ts` sees to it. */
	| { readonly mode: "off"; readonly insecureClearText: boolean };

export const tlsSection = section({
	mode: oneOf(TLS_MODES).prefault("local-ca").meta({
		description:
			"Where the certificate comes from. local-ca: made here and signed by a CA of this server, which clients are given once. files: your own. off: no TLS, for loopback or behind a proxy on the same machine.",
		risk: "With off, keys and prompts cross the network in clear.",
	}),
	certificate: filePath().optional().meta({
		description:
			"PEM file of the certificate and its chain, leaf first. Needed with mode files, and only then. Read again when it changes.",
		example: "/etc/rempart/tls/fullchain.pem",
	}),
	key: filePath().optional().meta({
		description: "PEM file of the private key. Needed with mode files, and only then. Readable by the server's user alone.",
		example: "/etc/rempart/tls/privkey.pem",
	}),
	insecure_clear_text: flag().prefault(false).meta({
		description: "Permits mode off on an address that other machines can reach.",
		risk: "Whoever is on the path reads every key, prompt and answer. Only for a network that encrypts by itself, such as a service mesh.",
	}),
}).transform((written, context): TlsConfig => {
	const { mode, certificate, key } = written;
	if (mode === "files" && certificate !== undefined && key !== undefined) return { mode, certificate, key };
	for (const [name, path] of [["certificate", certificate] as const, ["key", key] as const]) {
		if (mode === "files" && path === undefined) {
			const example = name === "key" ? "/etc/rempart/tls/privkey.pem" : "/etc/rempart/tls/fullchain.pem";
			context.addIssue({
				code: "custom",
				path: [name],
				message: joined({ message: "is missing, and mode files needs it", hint: `add ${name}: ${example}` }),
			});
		}
		if (mode !== "files" && path !== undefined) {
			const hint = `set mode: files, or leave ${name} out`;
			context.addIssue({ code: "custom", path: [name], message: joined({ message: `has no effect with mode ${mode}`, hint }) });
		}
	}
	if (mode === "off") return { mode, insecureClearText: written.insecure_clear_text };
	return mode === "local-ca" ? { mode } : z.NEVER;
});
