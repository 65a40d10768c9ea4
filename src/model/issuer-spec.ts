/** An authorization server whose access tokens are good here, and what they are good for. Secrets and files are read by now. */
import type { Secret } from "../std/secret.ts";

export interface IssuerSpec {
	/** As tokens name it, byte for byte. */
	readonly issuer: string;
	/** One of them has to be among a token's. */
	readonly audiences: readonly string[];
	/** Of JWS, asymmetric without exception. */
	readonly algorithms: readonly string[];
	/** As `typ` names them, in lower case and without `application/`. */
	readonly types: readonly string[];
	readonly clockSkewMs: number;
	/** Path of the claim that a principal is called by. */
	readonly name: string;
	/** Path of the claim that lists groups; null for none. */
	readonly groups: string | null;
	/** Clients that a token may have been given to; an empty list: whichever the issuer gives one. */
	readonly clients: readonly string[];
	readonly rules: readonly TokenRule[];
	/** Where the keys are, instead of where discovery says. */
	readonly jwks: string | null;
	/** PEM of the authorities that vouch for the provider's certificate; null for those that the system trusts. */
	readonly authorities: string | null;
	/** For how long a token that was good is known again, at most. */
	readonly rememberMs: number;
	/** For how long keys are good that could not be fetched again. */
	readonly staleMs: number;
	/** Whether the provider may be asked in clear. */
	readonly clearText: boolean;
	readonly introspection: IntrospectionSpec | null;
}

export interface TokenRule {
	readonly claim: string;
	/** Globs; one of them has to fit one of the claim's values. */
	readonly values: readonly string[];
	readonly role: string;
	readonly models: readonly string[] | null;
}

export interface IntrospectionSpec {
	/** Null: where discovery says. */
	readonly endpoint: string | null;
	readonly clientId: string;
	readonly clientSecret: Secret;
	/** For how long an answer is believed, at most. */
	readonly rememberMs: number;
}
