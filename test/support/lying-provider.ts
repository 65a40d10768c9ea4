/** An OpenID provider that says what a test tells it to: honest as it stands, and wrong in exactly one place where that is changed. */
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Answer {
	readonly status: number;
	readonly type: string;
	readonly body: string;
	/** Announced, and then not kept: the connection breaks off. */
	readonly breaksOff?: boolean;
	readonly location?: string;
}

export interface Lies {
	discovery?: (honest: Record<string, unknown>) => object | Answer;
	/** Claims of the ID token. */
	claims?: (honest: Record<string, unknown>) => Record<string, unknown>;
	/** Protected header of the ID token. */
	header?: (honest: Record<string, unknown>) => Record<string, unknown>;
	/** The whole token, made of its claims. */
	idToken?: (claims: Record<string, unknown>, keys: { readonly private: KeyObject; readonly public: KeyObject }) => Promise<string>;
	token?: (honest: Record<string, unknown>) => object | Answer;
	userInfo?: object | Answer;
	jwks?: object | Answer;
}

export interface LyingProvider {
	readonly issuer: string;
	lies: Lies;
	/** How often each endpoint was asked. */
	readonly asked: Map<string, number>;
	/** What the next ID token has to repeat. */
	nonce: string;
	close(): void;
}

export const CLIENT = "rempart";

export async function startLyingProvider(): Promise<LyingProvider> {
	const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
	const keys = { private: pair.privateKey, public: pair.publicKey };
	const jwk = { ...keys.public.export({ format: "jwk" }), kid: "k1", alg: "ES256", use: "sig" };
	const server = createServer();
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	// A TCP listener's address is never a string.
	const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	const provider: LyingProvider = {
		issuer,
		lies: {},
		asked: new Map(),
		nonce: "",
		close: () => {
			server.closeAllConnections();
			server.close();
		},
	};
	const idToken = async (): Promise<string> => {
		const { lies, nonce } = provider;
		const now = Math.floor(Date.now() / 1000);
		const honest = { iss: issuer, aud: CLIENT, sub: "u-1", nonce, iat: now, exp: now + 300, groups: ["staff"] };
		const claims = lies.claims?.(honest) ?? honest;
		if (lies.idToken !== undefined) return await lies.idToken(claims, keys);
		const header = { alg: "ES256", kid: "k1", typ: "JWT" };
		return signedToken({ ...header, ...lies.header?.(header) }, claims, keys.private);
	};
	const answers: Readonly<Record<string, () => Promise<object> | object>> = {
		"/.well-known/openid-configuration": () => {
			const honest = {
				issuer,
				authorization_endpoint: `${issuer}/auth`,
				token_endpoint: `${issuer}/token`,
				userinfo_endpoint: `${issuer}/userinfo`,
				jwks_uri: `${issuer}/jwks`,
				id_token_signing_alg_values_supported: ["ES256"],
				authorization_response_iss_parameter_supported: true,
				token_endpoint_auth_methods_supported: ["client_secret_basic"],
			};
			return provider.lies.discovery?.(honest) ?? honest;
		},
		"/token": async () => {
			const honest = { access_token: "at", token_type: "Bearer", expires_in: 60, id_token: await idToken() };
			return provider.lies.token?.(honest) ?? honest;
		},
		"/userinfo": () => provider.lies.userInfo ?? { sub: "u-1", preferred_username: "ada" },
		"/jwks": () => provider.lies.jwks ?? { keys: [jwk] },
	};
	server.on("request", (request, response) => {
		const path = new URL(request.url ?? "/", issuer).pathname;
		provider.asked.set(path, (provider.asked.get(path) ?? 0) + 1);
		request.resume();
		const found = answers[path];
		void Promise.resolve(found?.() ?? { status: 404, type: "text/plain", body: "" }).then((answer) => send(response, answer));
	});
	return provider;
}

/** ES256 (RFC 7515), whatever the header says. */
export function signedToken(header: object, claims: object, key: KeyObject): string {
	const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
	return `${signed}.${sign("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

function send(response: ServerResponse, answer: object): void {
	const { status, type, body, breaksOff, location } = isAnswer(answer)
		? { breaksOff: false, location: undefined, ...answer }
		: { status: 200, type: "application/json", body: JSON.stringify(answer), breaksOff: false, location: undefined };
	response.writeHead(status, {
		"content-type": type,
		...(location === undefined ? {} : { location }),
		...(breaksOff ? { "content-length": String(body.length + 10) } : {}),
	});
	if (breaksOff) response.write(body, () => response.destroy());
	else response.end(body);
}

function isAnswer(answer: object): answer is Answer {
	return "status" in answer && "body" in answer;
}
