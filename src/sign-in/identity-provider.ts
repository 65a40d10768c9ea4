/**
 * The conversation with the provider: where to send a browser, and what the answer that comes back is worth.
 *
 *  - Authorization code with PKCE (S256), `state` and `nonce`, each of this one attempt; nothing else is asked for or accepted (RFC 9700).
 *  - Who answered is checked wherever it can be: `iss` of the answer where the provider announces it (RFC 9207), issuer, audience, times, nonce and
 *    signature of the ID token. The signature too, although TLS to the token endpoint would do: a proxy between may be anybody's.
 *  - Algorithms are those that are configured AND announced; all of them are asymmetric, so `none` and a shared secret are no signatures.
 *  - A provider that is down, slow or wrong is a problem of its own, never a sign-in.
 */
import {
	AuthorizationResponseError,
	allowInsecureRequests,
	authorizationCodeGrant,
	buildAuthorizationUrl,
	buildEndSessionUrl,
	ClientError,
	ClientSecretBasic,
	ClientSecretPost,
	Configuration,
	type CustomFetch,
	calculatePKCECodeChallenge,
	customFetch,
	discovery,
	enableNonRepudiationChecks,
	fetchUserInfo,
	None,
	type ServerMetadata,
} from "openid-client";

import type { Secret } from "../std/secret.ts";
import { mayBeAsked } from "../tokens/provider-documents.ts";
import type { Claims } from "./person-of-claims.ts";
import { SignInProblem } from "./sign-in-problem.ts";

export interface ProviderSpec {
	readonly issuer: string;
	readonly clientId: string;
	/** Null for a public client. */
	readonly clientSecret: Secret | null;
	readonly redirectUri: string;
	readonly scopes: readonly string[];
	readonly algorithms: readonly string[];
	/** PEM; null for those of the system. */
	readonly authorities: string | null;
	readonly userInfo: boolean;
}

/** Asks over the network: one whole, bounded answer in bounded time, certificates checked, no redirect followed. Rejects with an Error where there is none. */
export type AskProvider = (
	url: URL,
	question: { readonly method: string; readonly headers: Readonly<Record<string, string>>; readonly body: string | null },
	authorities: string | null,
) => Promise<Response>;

/** What belongs to one attempt and must come back with it. */
export interface Attempt {
	readonly state: string;
	readonly nonce: string;
	readonly verifier: string;
}

export interface Vouched {
	readonly claims: Claims & { readonly iss: string; readonly sub: string };
	readonly idToken: string;
}

/** How long a discovery document is good; keys are asked for again when a token names one that is not known. */
const DISCOVERED_FOR_MS = 3_600_000;
/** Whoever asks the network keeps the time; this is for a promise that nobody keeps. */
const LIBRARY_TIMEOUT_S = 30;
const ID_TOKEN_MAX = 16 * 1024;
/** Where a secret, a code or a browser goes. In clear only on this machine, and only where the issuer is so itself. */
const ENDPOINTS = ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "end_session_endpoint"] as const;

export class IdentityProvider {
	readonly #spec: ProviderSpec;
	readonly #monotonic: () => number;
	readonly #ask: AskProvider;
	#lastKnown: Configuration | null = null;
	#known: { readonly configuration: Promise<Configuration>; readonly since: number } | null = null;

	constructor(spec: ProviderSpec, ask: AskProvider, monotonic: () => number) {
		this.#spec = spec;
		this.#ask = ask;
		this.#monotonic = monotonic;
	}

	/** Rejects with a SignInProblem. */
	async authorizationUrl({ state, nonce, verifier }: Attempt): Promise<URL> {
		const configuration = await this.#configuration();
		const parameters = {
			redirect_uri: this.#spec.redirectUri,
			scope: this.#spec.scopes.join(" "),
			state,
			nonce,
			code_challenge: await calculatePKCECodeChallenge(verifier),
			code_challenge_method: "S256",
		};
		try {
			return buildAuthorizationUrl(configuration, parameters);
		} catch (cause) {
			throw problemOf(cause);
		}
	}

	/** `query` as it came to the redirect URI. Rejects with a SignInProblem. */
	async vouched(query: string, { state, nonce, verifier }: Attempt): Promise<Vouched> {
		const configuration = await this.#configuration();
		// Of our own making, not of the Host that was asked for: it is what the provider compares.
		const url = new URL(this.#spec.redirectUri);
		url.search = query;
		try {
			const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true };
			const tokens = await authorizationCodeGrant(configuration, url, checks);
			const claims = tokens.claims();
			if (claims === undefined || tokens.id_token === undefined) throw new SignInProblem("provider-untrustworthy", "no ID token came");
			if (tokens.id_token.length > ID_TOKEN_MAX) throw new SignInProblem("provider-untrustworthy", "the ID token is too long");
			if (!this.#spec.userInfo) return { claims, idToken: tokens.id_token };
			// Refused by the library where it is about another subject.
			const more = await fetchUserInfo(configuration, tokens.access_token, claims.sub);
			return { claims: merged(claims, more), idToken: tokens.id_token };
		} catch (cause) {
			throw problemOf(cause);
		}
	}

	/** Where a browser signs out at the provider; null where it has no such place. By what it last said of itself: a page must not wait for it. */
	endSessionUrl(idToken: Secret | null, backTo: string): URL | null {
		if (this.#lastKnown?.serverMetadata().end_session_endpoint === undefined) return null;
		const hint = idToken === null ? {} : { id_token_hint: idToken.reveal() };
		return buildEndSessionUrl(this.#lastKnown, { ...hint, post_logout_redirect_uri: backTo });
	}

	#configuration(): Promise<Configuration> {
		if (this.#known === null || this.#monotonic() - this.#known.since > DISCOVERED_FOR_MS) {
			const configuration = this.#discover();
			const known = { configuration, since: this.#monotonic() };
			this.#known = known;
			// Asked again at the next attempt; those who wait for this one share its outcome.
			configuration.catch(() => {
				if (this.#known === known) this.#known = null;
			});
		}
		return this.#known.configuration;
	}

	async #discover(): Promise<Configuration> {
		const { issuer, clientId, clientSecret, algorithms, authorities } = this.#spec;
		const fetch: CustomFetch = (url, { method, headers, body }) =>
			this.#ask(new URL(url), { method, headers, body: textOf(body) }, authorities);
		const clear = issuer.startsWith("http:") ? [allowInsecureRequests] : [];
		let metadata: ServerMetadata;
		try {
			const found = await discovery(new URL(issuer), clientId, {}, None(), {
				[customFetch]: fetch,
				timeout: LIBRARY_TIMEOUT_S,
				execute: clear,
			});
			metadata = { ...found.serverMetadata() };
		} catch (cause) {
			throw problemOf(cause);
		}
		for (const name of ENDPOINTS) {
			const endpoint = metadata[name];
			if (endpoint !== undefined && !mayBeAsked(endpoint, clear.length > 0))
				throw new SignInProblem("provider-untrustworthy", `its ${name} is not https`);
		}
		const announced = metadata.id_token_signing_alg_values_supported ?? ["RS256"];
		const accepted = announced.filter((algorithm) => algorithms.includes(algorithm));
		if (accepted.length === 0) {
			throw new SignInProblem(
				"provider-untrustworthy",
				`the provider signs with ${announced.join(", ")}; none is in admin.sign_in.algorithms`,
			);
		}
		const methods = metadata.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
		const secret = clientSecret?.reveal();
		const authentication =
			secret === undefined ? None() : methods.includes("client_secret_basic") ? ClientSecretBasic(secret) : ClientSecretPost(secret);
		const configuration = new Configuration(
			{ ...metadata, id_token_signing_alg_values_supported: accepted },
			clientId,
			secret === undefined ? {} : { client_secret: secret },
			authentication,
		);
		configuration[customFetch] = fetch;
		configuration.timeout = LIBRARY_TIMEOUT_S;
		for (const execute of [...clear, enableNonRepudiationChecks]) execute(configuration);
		this.#lastKnown = configuration;
		return configuration;
	}
}

/** The ID token's word counts more. A mail address and whether it is verified come from one place, or one would vouch for the other's. */
function merged(claims: Vouched["claims"], more: Claims): Vouched["claims"] {
	const verified = Object.hasOwn(claims, "email") ? { email_verified: claims["email_verified"] } : {};
	return { ...more, ...claims, ...verified };
}

function textOf(body: unknown): string | null {
	if (body === null || body === undefined) return null;
	if (typeof body === "string") return body;
	if (body instanceof URLSearchParams) return body.toString();
	throw new TypeError("the library sends forms and texts");
}

/** Errors of the network, which say that nobody was there, and of what came instead of an answer. */
const UNREACHED = new Set(["OAUTH_TIMEOUT", "OAUTH_ABORT", "OAUTH_RESPONSE_IS_NOT_CONFORM"]);

function problemOf(cause: unknown): SignInProblem {
	if (cause instanceof SignInProblem) return cause;
	if (cause instanceof AuthorizationResponseError) {
		return new SignInProblem("sign-in-refused-there", `the provider said ${cause.error}`, { cause });
	}
	if (!(cause instanceof Error)) return new SignInProblem("provider-untrustworthy", String(cause));
	const code = "code" in cause && typeof cause.code === "string" ? cause.code : null;
	const reason = reasonOf(cause);
	// State is compared by the library, in the answer that the browser brings: a mismatch is the browser's, and says nothing of the provider.
	if (code === "OAUTH_INVALID_RESPONSE" && /"state"/.test(reason)) return new SignInProblem("sign-in-mismatch", reason, { cause });
	const unreached = !(cause instanceof ClientError) || code === undefined || code === null || UNREACHED.has(code);
	const said = "error" in cause && typeof cause.error === "string" ? `${cause.error}: ` : "";
	const answered = "status" in cause || (code !== null && !UNREACHED.has(code) && code.startsWith("OAUTH_"));
	return new SignInProblem(unreached && !answered ? "provider-unavailable" : "provider-untrustworthy", `${said}${reason}`, { cause });
}

/** The library's message with what is behind it: `unexpected JWT claim value encountered: unexpected JWT "aud" (audience) claim value`. */
function reasonOf(error: Error): string {
	const behind = error.cause instanceof Error ? error.cause.message : "";
	return behind === "" || behind === error.message ? error.message : `${error.message}: ${behind}`;
}
