/**
 * Access tokens in a running server: the configured issuers, their providers, and what a reload changes.
 *
 *  - A server starts whether or not a provider answers: keys and other credentials do not need it. What is wrong is recorded, and `doctor` tells it.
 *  - What an operator has written wrongly (a role that is not there, a secret or a file that cannot be read) stops the start, or refuses the reload.
 *  - A provider whose addresses stay as they are keeps its keys over a reload.
 *  - Whoever is let in no more loses what runs for him at this moment too.
 */
import type { Metrics } from "../admin/metrics.ts";
import type { TokenIssuerConfig } from "../config/tokens.ts";
import { DocumentClient } from "../http/document-client.ts";
import type { Event } from "../model/event.ts";
import type { IssuerSpec } from "../model/issuer-spec.ts";
import { Provider, type ProviderState } from "../tokens/provider.ts";
import { type Issuer, TokenDesk } from "../tokens/token-desk.ts";
import { assertRoles } from "./assert-roles.ts";
import { readAuthoritiesFile } from "./read-named-file.ts";
import { readSecret } from "./read-secret.ts";

export interface TokensDeps {
	readonly now: () => number;
	readonly monotonic: () => number;
	readonly record: (event: Event) => void;
	readonly metrics: Pick<Metrics, "read" | "readProviders">;
	/** No rule lets the principal in any more. */
	readonly onRemoved: (principal: string) => void;
}

export interface ProviderStatus extends ProviderState {
	readonly issuer: string;
}

interface Entry extends Issuer {
	readonly provider: Provider;
}

export class Tokens {
	readonly desk: TokenDesk;
	readonly #deps: TokensDeps;
	#entries: readonly Entry[] = [];
	readonly #first = Promise.withResolvers<readonly ProviderStatus[]>();

	constructor(deps: TokensDeps) {
		this.#deps = deps;
		this.desk = new TokenDesk({ now: deps.now });
		deps.metrics.read("tokenChecks", () => this.desk.waiting);
		deps.metrics.read("tokensRemembered", () => this.desk.remembered);
		deps.metrics.readProviders(() => this.providers);
	}

	get providers(): readonly ProviderStatus[] {
		return this.#entries.map(({ spec, provider }) => ({ issuer: spec.issuer, ...provider.state }));
	}

	/** Those of the first settings that did not answer when they were first asked; resolves when each has answered or failed. */
	get firstAnswers(): Promise<readonly ProviderStatus[]> {
		return this.#first.promise;
	}

	/** Reads what is configured; what is returned puts it in force. Throws a HintedError, changing nothing, where that cannot be. */
	async prepare(configs: readonly TokenIssuerConfig[], isRole: (name: string) => boolean): Promise<() => void> {
		const specs = await issuerSpecsOf(configs, isRole);
		return () => {
			const asked = this.#putInForce(specs);
			void asked.then(() => this.#first.resolve(this.providers.filter(({ up }) => up === false)));
		};
	}

	close(): void {
		for (const { provider } of this.#entries) provider.close();
	}

	/** Resolves when each provider that is new was asked; what comes of it is heard of by `onTurn`. */
	#putInForce(specs: readonly IssuerSpec[]): Promise<unknown> {
		const before = this.#entries;
		const asked: Promise<void>[] = [];
		this.#entries = specs.map((spec) => {
			const known = before.find((entry) => isReachedAlike(entry.spec, spec));
			if (known !== undefined) return { ...known, spec };
			const entry = this.#entryOf(spec);
			asked.push(entry.provider.start());
			return entry;
		});
		const kept = new Set(this.#entries.map(({ provider }) => provider));
		for (const { provider } of before) if (!kept.has(provider)) provider.close();
		for (const id of this.desk.use(this.#entries)) this.#deps.onRemoved(id);
		return Promise.all(asked);
	}

	#entryOf(spec: IssuerSpec): Entry {
		const { now, monotonic, record } = this.#deps;
		const { issuer } = spec;
		const source = new DocumentClient(spec.authorities);
		const provider = new Provider(spec, {
			source,
			monotonic,
			onTurn: (up, detail) => record({ type: up ? "identity-provider-up" : "identity-provider-down", at: now(), issuer, detail }),
			onKeyGone: () => this.desk.distrust(issuer),
		});
		return { spec, provider, ask: source };
	}
}

function isReachedAlike(one: IssuerSpec, other: IssuerSpec): boolean {
	return (
		one.issuer === other.issuer &&
		one.jwks === other.jwks &&
		one.authorities === other.authorities &&
		one.clearText === other.clearText &&
		one.staleMs === other.staleMs
	);
}

/** Throws a HintedError where a server would not start with it. */
export async function issuerSpecsOf(
	configs: readonly TokenIssuerConfig[],
	isRole: (name: string) => boolean,
): Promise<readonly IssuerSpec[]> {
	return await Promise.all(
		configs.map(async (config, at) => {
			const setting = `identities.tokens[${at}]`;
			assertRoles(
				setting,
				config.rules.map(({ role }) => role),
				isRole,
			);
			const { introspection, authorities } = config;
			return {
				...config,
				authorities: authorities === null ? null : await readAuthoritiesFile(authorities, `${setting}.authorities`),
				introspection:
					introspection === null
						? null
						: {
								...introspection,
								clientSecret: await readSecret(introspection.clientSecret, `${setting}.introspection.client_secret`),
							},
			};
		}),
	);
}
