/** `oidc-provider` in this process, for people: whoever types a name there is that person, with the groups that the test gives them. */
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import Provider from "oidc-provider";

import type { Browser, Visited } from "./browser.ts";

export interface SignInProvider {
	readonly issuer: string;
	/** Types a name on the page of the provider where `page` is, agrees, and follows back to whoever asked. */
	signIn(browser: Browser, page: Visited, name: string, until?: (url: URL) => boolean): Promise<Visited>;
}

export const CLIENT_SECRET = "a secret that only the two of them know";

export async function startSignInProvider(
	context: { readonly after: (close: () => unknown) => void },
	{ publicUrl, groups }: { readonly publicUrl: string; readonly groups: Readonly<Record<string, readonly string[]>> },
): Promise<SignInProvider> {
	const server = createServer();
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	context.after(() => {
		server.closeAllConnections();
		server.close();
	});
	// A TCP listener's address is never a string.
	const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	const provider = new Provider(issuer, {
		clients: [
			{
				client_id: "rempart",
				client_secret: CLIENT_SECRET,
				redirect_uris: [`${publicUrl}/sign-in/callback`],
				post_logout_redirect_uris: [`${publicUrl}/`],
				id_token_signed_response_alg: "ES256",
			},
		],
		jwks: {
			keys: [
				{ ...generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" }), kid: "k", alg: "ES256", use: "sig" },
			],
		},
		claims: { openid: ["sub"], profile: ["preferred_username"], groups: ["groups"] },
		scopes: ["openid", "profile", "groups"],
		cookies: { keys: ["of this test"] },
		pkce: { required: () => true },
		findAccount: (_: unknown, name: string) => ({
			accountId: name,
			claims: () => ({ sub: name, preferred_username: name, groups: groups[name] ?? [] }),
		}),
	});
	const callback = provider.callback();
	server.on("request", (request, response) => void callback(request, response));
	return {
		issuer,
		async signIn(browser, page, name, until) {
			const consent = await browser.submitFormOf(page, { login: name, password: "any" });
			return await browser.submitFormOf(consent, {}, until);
		},
	};
}
