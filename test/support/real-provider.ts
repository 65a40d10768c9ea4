/** `oidc-provider` in this process: an authorization server that others wrote, with a client that speaks for itself, and keys that can be rolled over. */
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

import Provider, { type Client } from "oidc-provider";

export const RESOURCE = "https://gpu.example.org";

const CLIENT = { id: "team-cli", secret: "team-secret" } as const;
export const INTROSPECTOR = { id: "rempart", secret: "introspector-secret" } as const;

export class RealProvider {
	readonly issuer: string;
	#keys: object[] = [signingKey("first")];
	#callback: ReturnType<Provider["callback"]>;

	private constructor(server: Server) {
		this.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
		this.#callback = this.#make();
		server.on("request", (request, response) => void this.#callback(request, response));
	}

	static async start(context: TestContext): Promise<RealProvider> {
		const server = createServer();
		server.listen(0, "127.0.0.1");
		await once(server, "listening");
		context.after(() => {
			server.closeAllConnections();
			server.close();
		});
		return new RealProvider(server);
	}

	/** A new key signs from now on; what older ones signed stays good for as long as they are published. */
	rollOver(kid: string): void {
		this.#keys = [signingKey(kid), ...this.#keys];
		this.#callback = this.#make();
	}

	/** By client credentials, of the resource that is called so. */
	async token(format: "jwt" | "opaque", scope = "use"): Promise<string> {
		const answer = await fetch(`${this.issuer}/token`, {
			method: "POST",
			headers: { authorization: basic(CLIENT.id, CLIENT.secret) },
			body: new URLSearchParams({ grant_type: "client_credentials", scope, resource: `${RESOURCE}/${format}` }),
		});
		const said: unknown = await answer.json();
		if (typeof said !== "object" || said === null || !("access_token" in said) || typeof said.access_token !== "string") {
			throw new Error(JSON.stringify(said));
		}
		return said.access_token;
	}

	async revoke(token: string): Promise<void> {
		const headers = { authorization: basic(CLIENT.id, CLIENT.secret) };
		const { status } = await fetch(`${this.issuer}/token/revocation`, { method: "POST", headers, body: new URLSearchParams({ token }) });
		if (status !== 200) throw new Error(`revoking: ${status}`);
	}

	#make(): ReturnType<Provider["callback"]> {
		const common = { grant_types: ["client_credentials"], redirect_uris: [], response_types: [], id_token_signed_response_alg: "ES256" };
		const configuration = {
			clients: [
				{ client_id: CLIENT.id, client_secret: CLIENT.secret, ...common },
				{ client_id: INTROSPECTOR.id, client_secret: INTROSPECTOR.secret, ...common },
			],
			jwks: { keys: this.#keys },
			scopes: ["use"],
			features: {
				devInteractions: { enabled: false },
				clientCredentials: { enabled: true },
				introspection: { enabled: true, allowedPolicy: (_: unknown, client: Client) => client.clientId === INTROSPECTOR.id },
				revocation: { enabled: true },
				resourceIndicators: {
					enabled: true,
					getResourceServerInfo: (_: unknown, resource: string) => ({
						scope: "use",
						audience: RESOURCE,
						accessTokenFormat: resource.endsWith("/jwt") ? "jwt" : "opaque",
						accessTokenTTL: 600,
						jwt: { sign: { alg: "ES256" } },
					}),
				},
			},
		};
		return new Provider(this.issuer, configuration).callback();
	}
}

function signingKey(kid: string): object {
	return { ...generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" }), kid, alg: "ES256", use: "sig" };
}

function basic(id: string, secret: string): string {
	return `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
}
