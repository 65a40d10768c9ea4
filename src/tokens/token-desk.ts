/**
 * Access tokens: which issuer's is it, was it proved, and what is it good for.
 *
 *  - One that was good a while ago is known again at once. Nothing below concerns it.
 *  - One that can be read is verified with its issuer's keys; an opaque one is asked about, where an issuer is configured to be asked. Equal tokens that
 *    come at once share one check.
 *  - What cannot be told, since a provider does not answer, is a fault and never a permit.
 *  - Tokens that do not hold are counted by network, and all together for networks from which none ever held; beyond that they are turned away unchecked.
 *    So nobody can make us compute, or a provider answer, as often as he likes.
 *  - When the settings change, whoever is remembered is judged by the new ones at once.
 */
import { SECRET_PREFIX } from "../model/api-key.ts";
import { Fault } from "../model/fault.ts";
import type { IssuerSpec } from "../model/issuer-spec.ts";
import type { Principal } from "../model/principal.ts";
import type { TokenChecker, TokenVerdict } from "../ports/token-checker.ts";
import { FailureBudget } from "../std/failure-budget.ts";
import { networkOf } from "../std/network-of.ts";
import { type JsonObject, parseUnambiguousJson } from "../std/unambiguous-json.ts";
import { type RuleMatcher, ruleMatcher } from "./claim-rules.ts";
import { type CompactJws, looksLikeJwt, MOST_TOKEN_LENGTH, readCompactJws } from "./compact-jws.ts";
import { introspect } from "./introspection.ts";
import { bindingOf, judgeHeader, judgeKind, judgeMoment, judgeStanding, type Refused } from "./judge-token.ts";
import { isSamePrincipal, principalOf } from "./principal-of.ts";
import type { Provider } from "./provider.ts";
import { RecentNames } from "./recent-names.ts";
import { TokenMemo } from "./token-memo.ts";

/** An issuer as it is in force. */
export interface Issuer {
	readonly spec: IssuerSpec;
	readonly provider: Pick<Provider, "keys" | "keysAfter" | "missed" | "introspection">;
	readonly ask: Parameters<typeof introspect>[4];
}

/** What an issuer has vouched for. */
interface Proved {
	readonly claims: JsonObject;
	readonly written: string;
	/** As the header has it; null where there is none. */
	readonly type: unknown;
	/** Before anything was proved. */
	readonly generation: number;
	readonly rememberMs: number;
}

interface InForce extends Issuer {
	readonly ruleOf: RuleMatcher;
	/** Another one makes whatever was proved before be proved anew. */
	generation: number;
	/** Of its tokens, those that run or wait. */
	checks: number;
}

export interface TokenDeskDeps {
	/** Unix ms. */
	readonly now: () => number;
	readonly memo?: TokenMemo;
}

/** Of an issuer's tokens at once, waiting ones included; a provider that hangs keeps nobody else's from being checked. */
const MOST_CHECKS = 1_024;
const MOST_INTROSPECTIONS = 128;
/** Of those, the part that networks may take from which no token held yet: many of them together keep nobody out whom we know. */
const SHARE_OF_STRANGERS = 0.5;
/** At once from one of these. */
const MOST_OF_A_STRANGER = 32;
const INACTIVE_MS = 10_000;
const RETRY_BUSY_MS = 2_000;
/** A signature costs a twentieth of a millisecond on another thread, a question somebody else's time. */
const SIGNATURES = { each: { perSecond: 10, burst: 50 }, all: { perSecond: 200, burst: 1_000 } } as const;
const QUESTIONS = { each: { perSecond: 1, burst: 20 }, all: { perSecond: 20, burst: 200 } } as const;
const MOST_NAMES = 10_000;
/** What one customer is given. */
const CUSTOMER = { v4: 32, v6: 56 } as const;
const MONTH_MS = 30 * 86_400_000;

export class TokenDesk implements TokenChecker {
	readonly #deps: TokenDeskDeps;
	readonly #memo: TokenMemo;
	readonly #issuers = new Map<string, InForce>();
	readonly #running = new Map<string, Promise<TokenVerdict>>();
	/** Of opaque tokens that are not active. */
	readonly #inactive = new RecentNames(MOST_NAMES);
	/** Networks from which a token held. */
	readonly #known = new RecentNames(MOST_NAMES);
	/** By id, so that a principal is one object for as long as nothing about him changes. */
	readonly #principals = new Map<string, Principal>();
	readonly #signatures = { strangers: new FailureBudget(SIGNATURES.each, SIGNATURES.all), known: new FailureBudget(SIGNATURES.each, null) };
	readonly #questions = { strangers: new FailureBudget(QUESTIONS.each, QUESTIONS.all), known: new FailureBudget(QUESTIONS.each, null) };
	#introspector: InForce | null = null;
	/** Checks that run, by network. */
	readonly #byNetwork = new Map<string, number>();
	#generations = 0;

	constructor(deps: TokenDeskDeps) {
		this.#deps = deps;
		this.#memo = deps.memo ?? new TokenMemo();
	}

	/** Checks that run or wait at this moment. */
	get waiting(): number {
		return this.#running.size;
	}

	get remembered(): number {
		return this.#memo.size;
	}

	takes(credential: string): boolean {
		if (this.#issuers.size === 0 || credential.startsWith(SECRET_PREFIX)) return false;
		return this.#introspector !== null || looksLikeJwt(credential);
	}

	verify(token: string, peer: string): TokenVerdict | Promise<TokenVerdict> {
		const now = this.#deps.now();
		const tag = this.#memo.tagOf(token);
		const remembered = this.#memo.find(tag, now);
		if (remembered !== null) {
			if (this.#issuers.get(remembered.issuer)?.generation === remembered.generation) return remembered.verdict;
			this.#memo.forget(tag);
		}
		const running = this.#running.get(tag);
		if (running !== undefined) return running;
		const network = networkOf(peer, CUSTOMER);
		return looksLikeJwt(token) ? this.#verifySigned(token, tag, network, now) : this.#verifyOpaque(token, tag, network, now);
	}

	/** From now on these count. The principals of remembered tokens that are good no more are returned, unless another token of theirs still is. */
	use(issuers: readonly Issuer[]): readonly string[] {
		const before = new Map(this.#issuers);
		this.#issuers.clear();
		for (const issuer of issuers) {
			const known = before.get(issuer.spec.issuer);
			// What is being checked goes on where nothing changed.
			if (known !== undefined && known.provider === issuer.provider && isSameSpec(known.spec, issuer.spec)) {
				this.#issuers.set(issuer.spec.issuer, known);
				continue;
			}
			// A new generation for whatever was proved before, but for what is judged again below.
			const ruleOf = ruleMatcher(issuer.spec.rules);
			this.#issuers.set(issuer.spec.issuer, { ...issuer, ruleOf, generation: ++this.#generations, checks: 0 });
		}
		this.#introspector = [...this.#issuers.values()].find(({ spec }) => spec.introspection !== null) ?? null;
		const now = this.#deps.now();
		const kept = new Set<string>();
		const lost = new Set<string>();
		for (const [tag, token] of this.#memo.all()) {
			const { id } = token.verdict.principal;
			const old = before.get(token.issuer);
			const next = this.#issuers.get(token.issuer);
			const isProved = old !== undefined && old.generation === token.generation && next !== undefined && isProvedAlike(old.spec, next.spec);
			const parsed = parseUnambiguousJson(token.claims);
			const judged = next === undefined || "problem" in parsed ? null : this.#judge(parsed.object, next);
			if (judged === null || "refused" in judged) {
				lost.add(id);
				this.#memo.forget(tag);
				continue;
			}
			// What has expired, or is proved in another way from now on, keeps nobody in; what is proved anew with its next request loses nothing.
			if (!isProved || next === undefined || token.expiresAt <= now) {
				this.#memo.forget(tag);
				continue;
			}
			kept.add(id);
			this.#memo.put(tag, { ...token, generation: next.generation, verdict: judged });
		}
		return [...lost].filter((id) => !kept.has(id));
	}

	/** A key of the issuer's is good no more: every token of his is to be proved anew. */
	distrust(issuer: string): void {
		const inForce = this.#issuers.get(issuer);
		if (inForce !== undefined) inForce.generation = ++this.#generations;
	}

	#verifySigned(token: string, tag: string, network: string, now: number): TokenVerdict | Promise<TokenVerdict> {
		const read = readCompactJws(token);
		if ("malformed" in read) return refused("credential-malformed", read.malformed);
		const { iss } = read.claims;
		const issuer = typeof iss === "string" ? this.#issuers.get(iss) : undefined;
		if (issuer === undefined) return refused("credential-unknown", "a token of an issuer that is not configured");
		const unfit = judgeHeader(read.header, issuer.spec);
		if (unfit !== null) return refused(unfit.refused, unfit.detail);
		const budget = this.#known.has(network, now) ? this.#signatures.known : this.#signatures.strangers;
		if (!this.#hasRoom(network, budget, issuer.checks / MOST_CHECKS, now)) return full();
		return this.#run(tag, network, issuer, async () => {
			const { generation } = issuer;
			const failure = await this.#signatureOf(token, read, issuer);
			if (failure !== null) {
				this.#memo.forget(tag);
				budget.failed(network, this.#deps.now());
				return failure;
			}
			const proved = {
				claims: read.claims,
				written: read.payload,
				type: read.header["typ"],
				generation,
				rememberMs: issuer.spec.rememberMs,
			};
			return this.#settle(tag, network, proved, issuer);
		});
	}

	/** Null where it holds. Rejects with a Fault where that cannot be told. */
	async #signatureOf(token: string, { header }: CompactJws, { spec, provider }: InForce): Promise<TokenVerdict | null> {
		const keys = await provider.keys();
		let outcome = await keys.check(token, spec.algorithms);
		const { kid } = header;
		// Only a name can be new. A token that names no key and fits none of them is a wrong one.
		if (outcome === "unknown-key" && typeof kid === "string") {
			const newer = await provider.keysAfter(keys, kid);
			if (newer !== null) {
				outcome = await newer.check(token, spec.algorithms);
				if (outcome === "unknown-key") provider.missed(kid);
			}
		}
		if (outcome === "holds") return null;
		if (outcome === "unknown-key") return refused("credential-unknown", "signed with a key that the issuer does not publish");
		return refused("credential-wrong", outcome.wrong);
	}

	#verifyOpaque(token: string, tag: string, network: string, now: number): TokenVerdict | Promise<TokenVerdict> {
		const issuer = this.#introspector;
		if (issuer === null || token.length > MOST_TOKEN_LENGTH) return refused("credential-malformed");
		if (this.#inactive.has(tag, now)) return refused("credential-unknown", "not active, as the issuer said a moment ago");
		const budget = this.#known.has(network, now) ? this.#questions.known : this.#questions.strangers;
		if (!this.#hasRoom(network, budget, issuer.checks / MOST_INTROSPECTIONS, now)) return full();
		return this.#run(tag, network, issuer, () => this.#introspect(token, tag, network, issuer, budget));
	}

	async #introspect(token: string, tag: string, network: string, issuer: InForce, budget: FailureBudget): Promise<TokenVerdict> {
		const { spec, provider, ask, generation } = issuer;
		const { introspection } = spec;
		if (introspection === null) return refused("credential-malformed");
		const claims = await introspect(token, introspection.endpoint ?? (await provider.introspection()), spec.issuer, introspection, ask);
		const now = this.#deps.now();
		if (claims === null) {
			this.#memo.forget(tag);
			budget.failed(network, now);
			this.#inactive.add(tag, now + INACTIVE_MS);
			return refused("credential-unknown", "not active, as the issuer says");
		}
		const { rememberMs } = introspection;
		// An answer without a time is believed for as long as any other.
		const timed = claims["exp"] === undefined ? { ...claims, exp: (now + rememberMs) / 1000 } : claims;
		return this.#settle(tag, network, { claims: timed, written: JSON.stringify(timed), type: null, generation, rememberMs }, issuer);
	}

	#settle(tag: string, network: string, { claims, written, type, generation, rememberMs }: Proved, issuer: InForce): TokenVerdict {
		const now = this.#deps.now();
		const { spec } = issuer;
		this.#known.add(network, now + MONTH_MS);
		if (this.#issuers.get(spec.issuer) !== issuer) {
			throw new Fault("identity-provider-unavailable", `${spec.issuer} was configured anew while its token was checked`);
		}
		const verdict = judgeKind(claims, type) ?? judgeMoment(claims, spec, now) ?? this.#judge(claims, issuer);
		if ("refused" in verdict) {
			this.#memo.forget(tag);
			return refused(verdict.refused, verdict.detail);
		}
		const { exp } = claims;
		const expiresAt = typeof exp === "number" ? exp * 1000 + spec.clockSkewMs : now;
		const until = Math.min(now + rememberMs, expiresAt);
		this.#memo.put(tag, { issuer: spec.issuer, generation, until, expiresAt, verdict, claims: written });
		return verdict;
	}

	/** What does not change while a token is good: whom it is for, what it is bound to, and which rule fits. */
	#judge(claims: JsonObject, { spec, ruleOf }: InForce): { readonly principal: Principal; readonly certificate: string | null } | Refused {
		const unfit = judgeStanding(claims, spec);
		if (unfit !== null) return unfit;
		const binding = bindingOf(claims);
		if ("refused" in binding) return binding;
		const rule = ruleOf(claims);
		if (rule === null)
			return { refused: "token-unmapped", detail: `${String(claims["sub"]).slice(0, 64)} of ${spec.issuer}, whom no rule fits` };
		return { principal: this.#interned(principalOf(claims, spec, rule)), certificate: binding.certificate };
	}

	#interned(principal: Principal): Principal {
		const known = this.#principals.get(principal.id);
		this.#principals.delete(principal.id);
		const one = known !== undefined && isSamePrincipal(known, principal) ? known : principal;
		this.#principals.set(principal.id, one);
		if (this.#principals.size > MOST_NAMES) {
			const [oldest] = this.#principals.keys();
			if (oldest !== undefined) this.#principals.delete(oldest);
		}
		return one;
	}

	/** `taken`: which part of the issuer's checks. */
	#hasRoom(network: string, budget: FailureBudget, taken: number, now: number): boolean {
		if (!budget.affords(network, now)) return false;
		if (this.#known.has(network, now)) return taken < 1;
		return taken < SHARE_OF_STRANGERS && (this.#byNetwork.get(network) ?? 0) < MOST_OF_A_STRANGER;
	}

	#run(tag: string, network: string, issuer: InForce, check: () => Promise<TokenVerdict>): Promise<TokenVerdict> {
		issuer.checks += 1;
		this.#byNetwork.set(network, (this.#byNetwork.get(network) ?? 0) + 1);
		const running = check().finally(() => {
			issuer.checks -= 1;
			const left = (this.#byNetwork.get(network) ?? 0) - 1;
			if (left > 0) this.#byNetwork.set(network, left);
			else this.#byNetwork.delete(network);
			this.#running.delete(tag);
		});
		this.#running.set(tag, running);
		return running;
	}
}

function isSameSpec(one: IssuerSpec, other: IssuerSpec): boolean {
	// A secret shows itself to nobody, this included.
	return (
		JSON.stringify(one) === JSON.stringify(other) && one.introspection?.clientSecret.reveal() === other.introspection?.clientSecret.reveal()
	);
}

/** Whether what was proved under one is proved under the other. */
function isProvedAlike(one: IssuerSpec, other: IssuerSpec): boolean {
	const proof = ({ algorithms, types, jwks, authorities, clearText, clockSkewMs, introspection }: IssuerSpec): string =>
		JSON.stringify([
			algorithms,
			types,
			jwks,
			authorities,
			clearText,
			clockSkewMs,
			introspection,
			introspection?.clientSecret.reveal() ?? null,
		]);
	return proof(one) === proof(other);
}

function full(): TokenVerdict {
	return refused("token-checks-full", null, RETRY_BUSY_MS);
}

function refused(reason: Refused["refused"], detail: string | null = null, retryAfterMs: number | null = null): TokenVerdict {
	return { refused: reason, detail, retryAfterMs };
}
