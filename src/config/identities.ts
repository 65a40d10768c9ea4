/** How callers prove who they are, besides keys: one section a kind. */
import type * as z from "zod";

import { certificatesSection } from "./certificates.ts";
import { htpasswdSection } from "./htpasswd.ts";
import { proxyUsersSection } from "./proxy-users.ts";
import { tokensSection } from "./tokens.ts";
import { duration } from "./values/duration.ts";
import { flag } from "./values/plain.ts";
import { section } from "./values/section.ts";

const ollamaSection = section({
	// Clocks that are kept by NTP differ by less than a second; a minute forgives one that is not, and bounds for how long a stolen signature works.
	clock_skew: duration({ min: "1s", max: "10m" }).prefault("60s").meta({
		description: "How far the clock of a client that signs may be from this one, either way.",
		risk: "For as long, whoever has seen a signed request can send another with the same method and path, and a body of his own.",
	}),
	clear_text: flag().prefault(false).meta({
		description:
			"Whether signatures are accepted on connections without TLS too: for a proxy on the same machine that ends TLS before this server.",
		risk: "A signature covers neither body nor Host. In clear, whoever is on the path can change what is asked.",
	}),
}).transform((written) => ({ clockSkewMs: written.clock_skew, clearText: written.clear_text }));

export const identitiesSection = section({
	certificates: certificatesSection
		.prefault({})
		.meta({ description: "Client certificates, from rempart enroll or from an authority of yours." }),
	htpasswd: htpasswdSection
		.prefault({})
		.meta({ description: "People with passwords, by HTTP Basic. A key as the password works with or without." }),
	ollama: ollamaSection.prefault({}).meta({
		description: "The ollama program with OLLAMA_AUTH=1, which signs its requests. Its keys are enrolled with: rempart principal add.",
	}),
	proxy: proxyUsersSection.prefault({}).meta({ description: "People whom a proxy of yours has signed in." }),
	tokens: tokensSection.prefault([]).meta({
		description: "Identity providers (OAuth 2, OpenID Connect) whose access tokens are good here, sent as Authorization: Bearer.",
		example: [
			{
				issuer: "https://sso.example.org/realms/main",
				audiences: ["https://gpu.example.org"],
				rules: [{ claim: "groups", values: ["gpu-users"], role: "user" }],
			},
		],
	}),
}).transform(({ certificates, htpasswd, ollama, proxy, tokens }) => ({ certificates, htpasswd, ollama, proxy, tokens }));

export type IdentitiesConfig = Readonly<z.output<typeof identitiesSection>>;
