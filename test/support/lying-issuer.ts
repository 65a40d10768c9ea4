/**
 * An identity provider in this process that says whatever a test has it say: true things by default, and any lie about itself, its keys or its tokens.
 *
 * Tokens are put together here from bytes, with `node:crypto` alone, so that what the library under test would never write can be written.
 */
import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

export interface Key {
	readonly kid: string;
	readonly alg: string;
	readonly privateKey: KeyObject;
	readonly publicKey: KeyObject;
}

export type Claims = Readonly<Record<string, unknown>>;
export type Answer = { readonly status?: number; readonly body: unknown; readonly fields?: Readonly<Record<string, string>> };

const KINDS = {
	RS256: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
	PS256: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
	ES256: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
	EdDSA: () => generateKeyPairSync("ed25519"),
} as const;

export function makeKey(kid: string, alg: keyof typeof KINDS = "ES256"): Key {
	return { kid, alg, ...KINDS[alg]() };
}

export const AUDIENCE = "https://gpu.example.org";

export class LyingProvider {
	readonly issuer: string;
	/** Paths that were asked for, in order. */
	readonly asked: string[] = [];
	/** Bodies of introspections. */
	readonly introspected: string[] = [];
	keys: Key[] = [makeKey("k1")];
	/** What is answered instead of the truth, by path; a function is called. */
	readonly lies = new Map<string, Answer | ((request: IncomingMessage, response: ServerResponse) => void)>();
	/** What introspection says of a token. */
	opaque = new Map<string, Claims>();
	readonly #server: Server;
	#gone = false;

	private constructor(server: Server, origin: string) {
		this.#server = server;
		this.issuer = `${origin}:${(server.address() as AddressInfo).port}/realm`;
		server.on("connection", (socket) => {
			if (this.#gone) socket.resetAndDestroy();
		});
		server.on("request", (request, response) => this.#answer(request, response));
	}

	/** In clear at an address; with a certificate for `localhost` over TLS. */
	static async start(
		context: TestContext,
		certificate: { readonly cert: string; readonly key: string } | null = null,
	): Promise<LyingProvider> {
		const server = certificate === null ? createServer() : createTlsServer(certificate);
		server.listen(0, "127.0.0.1");
		await once(server, "listening");
		context.after(() => {
			server.closeAllConnections();
			server.close();
		});
		return new LyingProvider(server, certificate === null ? "http://127.0.0.1" : "https://localhost");
	}

	/** From now on every connection is reset. The port is kept, or another server of the test could be given it. */
	vanish(): void {
		this.#gone = true;
		this.#server.closeAllConnections();
	}

	comeBack(): void {
		this.#gone = false;
	}

	/** Of an hour, for `AUDIENCE`, of `ada`. */
	claims(more: Claims = {}): Claims {
		const now = Math.floor(Date.now() / 1000);
		const usual = { iss: this.issuer, sub: "ada", aud: AUDIENCE, exp: now + 3600, iat: now, client_id: "cli", groups: ["gpu-users"] };
		return Object.fromEntries(Object.entries({ ...usual, ...more }).filter(([, value]) => value !== undefined));
	}

	/** Signed by the first key. What is `undefined` in `header` or `claims` is left out. */
	token({ header = {}, claims = {}, key = this.keys[0] }: { header?: Claims; claims?: Claims; key?: Key | undefined } = {}): string {
		if (key === undefined) throw new Error("the provider has no key");
		const usual = { typ: "at+jwt", alg: key.alg, kid: key.kid };
		return signedBy(key, JSON.stringify({ ...usual, ...header }), JSON.stringify(this.claims(claims)));
	}

	jwks(): { keys: object[] } {
		return { keys: this.keys.map(({ kid, alg, publicKey }) => ({ ...publicKey.export({ format: "jwk" }), kid, alg, use: "sig" })) };
	}

	metadata(): Record<string, unknown> {
		return { issuer: this.issuer, jwks_uri: `${this.issuer}/jwks`, introspection_endpoint: `${this.issuer}/introspect` };
	}

	#answer(request: IncomingMessage, response: ServerResponse): void {
		const path = (request.url ?? "").replace("/realm", "");
		this.asked.push(path);
		const lie = this.lies.get(path);
		if (typeof lie === "function") return lie(request, response);
		if (lie !== undefined) return send(response, lie);
		if (path === "/.well-known/openid-configuration") return send(response, { body: this.metadata() });
		if (path === "/jwks") return send(response, { body: this.jwks() });
		if (path !== "/introspect") return send(response, { status: 404, body: {} });
		let body = "";
		request.on("data", (piece: Buffer) => void (body += piece.toString()));
		request.on("end", () => {
			this.introspected.push(`${request.headers.authorization} ${body}`);
			const claims = this.opaque.get(new URLSearchParams(body).get("token") ?? "");
			send(response, { body: claims === undefined ? { active: false } : { active: true, ...claims } });
		});
	}
}

export function signedBy({ alg, privateKey }: Key, header: string, payload: string): string {
	const input = `${base64url(header)}.${base64url(payload)}`;
	return `${input}.${signatureOf(alg, privateKey, input)}`;
}

export function hmacOf(secret: string | Buffer, input: string): string {
	return createHmac("sha256", secret).update(input).digest("base64url");
}

export function base64url(text: string | Buffer): string {
	return Buffer.from(text).toString("base64url");
}

function signatureOf(alg: string, key: KeyObject, input: string): string {
	const bytes = Buffer.from(input);
	if (alg === "EdDSA") return sign(null, bytes, key).toString("base64url");
	if (alg === "ES256") return sign("sha256", bytes, { key, dsaEncoding: "ieee-p1363" }).toString("base64url");
	// RSA_PKCS1_PSS_PADDING is 6.
	const padding = alg === "PS256" ? { padding: 6, saltLength: 32 } : {};
	return sign("sha256", bytes, { key, ...padding }).toString("base64url");
}

function send(response: ServerResponse, { status = 200, body, fields = {} }: Answer): void {
	response.writeHead(status, { "content-type": "application/json", ...fields });
	response.end(typeof body === "string" ? body : JSON.stringify(body));
}
