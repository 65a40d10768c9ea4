/**
 * Signing people in and out: the provider's answer, the rules and the sessions, in that order, and each outcome on record.
 *
 *  - A session is on record before its token leaves. What cannot be recorded does not happen.
 *  - An attempt belongs to the browser that began it: what it needs to come back with is sealed into that browser's cookie, and is good once.
 *  - Strangers cost no memory, and only so many questions to the provider at a time.
 *  - Other rules, another provider or client: everybody signs in again, and whoever is on the way begins again.
 */
import { randomUUID } from "node:crypto";

import type { AdminRule } from "../model/admin-role.ts";
import type { Event } from "../model/event.ts";
import type { Clock } from "../std/clock.ts";
import { plainText } from "../std/plain-text.ts";
import { Secret } from "../std/secret.ts";
import { DeviceCodes } from "./device-codes.ts";
import { HandedCodes, type HandedTo } from "./handed-codes.ts";
import { type AskProvider, type Attempt, IdentityProvider, type ProviderSpec } from "./identity-provider.ts";
import type { Person, Way } from "./person.ts";
import { personOf } from "./person-of-claims.ts";
import { Seal } from "./seal.ts";
import { type Session, type SessionLimits, Sessions } from "./sessions.ts";
import { SignInProblem } from "./sign-in-problem.ts";
import { newToken } from "./token.ts";

export interface SignInSettings {
	/** Origin of the admin listener as browsers see it. */
	readonly publicUrl: string;
	readonly provider: ProviderSpec;
	readonly rules: readonly AdminRule[];
	readonly limits: SessionLimits;
}

export interface SignInDeskDeps {
	readonly now: Clock;
	readonly monotonic: () => number;
	readonly ask: AskProvider;
	/** `settled` resolves when it is on disk, and rejects where it cannot be. */
	readonly record: (event: Event) => { readonly settled: Promise<unknown> };
}

export interface OpenedSession {
	readonly token: Secret;
	readonly session: Session;
}

/** What a browser carries while its person is at the provider. */
interface Carried extends Attempt {
	readonly id: string;
	readonly returnTo: string;
	readonly expiresAt: number;
}

const ATTEMPT_MS = 600_000;
const AT_ONCE = 16;
const REFUSALS_PER_MINUTE = 30;

export class SignInDesk {
	/** How long somebody may be at the provider. */
	readonly attemptMs = ATTEMPT_MS;
	readonly #deps: SignInDeskDeps;
	#settings: SignInSettings;
	#provider: IdentityProvider;
	#seal = new Seal();
	readonly sessions: Sessions;
	readonly codes: HandedCodes;
	readonly devices: DeviceCodes;
	/** Attempts that led to a session, until they would be too old anyway. */
	readonly #spent = new Map<string, number>();
	#asking = 0;
	#refusals = { since: Number.NEGATIVE_INFINITY, recorded: 0, unrecorded: 0 };

	constructor(settings: SignInSettings, deps: SignInDeskDeps) {
		this.#deps = deps;
		this.#settings = settings;
		this.#provider = new IdentityProvider(settings.provider, deps.ask, deps.monotonic);
		this.sessions = new Sessions({
			now: deps.now,
			limits: settings.limits,
			onEnded: (session, why, by) => this.#ended(session, by === null ? why : `${why}: ${by}`),
		});
		this.codes = new HandedCodes(deps.now);
		this.devices = new DeviceCodes(deps.now);
	}

	get publicUrl(): string {
		return this.#settings.publicUrl;
	}

	/** Lifetimes change for those who are signed in; everything else signs them out. */
	adjust(settings: SignInSettings): void {
		const before = this.#settings;
		this.#settings = settings;
		this.sessions.adjust(settings.limits);
		if (substance(before) === substance(settings)) return;
		this.#provider = new IdentityProvider(settings.provider, this.#deps.ask, this.#deps.monotonic);
		this.#seal = new Seal();
		this.codes.clear();
		this.devices.clear();
		this.sessions.endAll("the rules changed");
	}

	/** Where to send the browser, and what it has to bring back. `returnTo` is a path of ours. Rejects with a SignInProblem. */
	async begin(returnTo: string): Promise<{ readonly location: string; readonly carried: string }> {
		const attempt: Attempt = { state: newToken(), nonce: newToken(), verifier: newToken() };
		const provider = this.#provider;
		const url = await this.#oneOfFew(() => provider.authorizationUrl(attempt));
		this.#mustStillAsk(provider);
		const carried: Carried = { ...attempt, id: randomUUID(), returnTo, expiresAt: this.#deps.now() + ATTEMPT_MS };
		return { location: url.href, carried: this.#seal.close(carried) };
	}

	/** `query` as the provider sent it, `carried` as the browser brought it; `previous` is who was signed in in that browser. Rejects with a SignInProblem. */
	async finish(query: string, carried: string | null, previous: Session | null): Promise<OpenedSession & { readonly returnTo: string }> {
		const opened = carried === null ? null : this.#seal.open(carried);
		const now = this.#deps.now();
		if (!isCarried(opened) || now >= opened.expiresAt || this.#spent.has(opened.id)) {
			// Not recorded: anybody can ask for this, as often as he likes.
			throw new SignInProblem("sign-in-mismatch", "this browser did not begin this sign-in, or too long ago");
		}
		try {
			const provider = this.#provider;
			const { claims, idToken } = await this.#oneOfFew(() => provider.vouched(query, opened));
			this.#mustStillAsk(provider);
			const person = personOf(claims, this.#settings.rules);
			if (person === null) throw new SignInProblem("person-not-admitted", `no rule fits ${claims.sub}`);
			// Two answers of one attempt can be on their way; the second one is too late even where the provider takes a code twice.
			if (this.#spent.has(opened.id)) throw new SignInProblem("sign-in-mismatch", "this sign-in has been finished already");
			for (const [id, expiresAt] of this.#spent) if (now >= expiresAt) this.#spent.delete(id);
			this.#spent.set(opened.id, opened.expiresAt);
			const session = await this.#open(person, "browser", new Secret(idToken), null);
			if (previous !== null) this.sessions.end(previous.id, "signed in again");
			return { ...session, returnTo: opened.returnTo };
		} catch (error) {
			if (error instanceof SignInProblem) this.#refused(error);
			throw error;
		}
	}

	/** What the rules of now say of whom an earlier provider vouched for is worth nothing: its claims are not theirs. */
	#mustStillAsk(provider: IdentityProvider): void {
		if (provider !== this.#provider) throw new SignInProblem("sign-in-mismatch", "the settings of sign-in changed meanwhile");
	}

	/** Rejects with a SignInProblem where there is no room, or no record of it. */
	async #open(person: Person, way: Way, idToken: Secret | null, since: number | null): Promise<OpenedSession> {
		const opened = this.sessions.open(person, way, idToken, since);
		if (opened === null) throw new SignInProblem("sessions-exhausted", "admin.sign_in.max_sessions are open");
		try {
			await this.#deps.record({ ...about(opened.session), type: "person-signed-in", at: this.#deps.now(), detail: null }).settled;
		} catch (cause) {
			this.sessions.end(opened.session.id, "signed out");
			throw new SignInProblem("sign-in-not-recorded", "the sign-in could not be recorded", { cause });
		}
		return opened;
	}

	/** A session for a command line, of whoever said yes to it. Null where the code is not right; rejects with a SignInProblem. */
	async redeem(shown: Pick<HandedTo, "redirectUri"> & { readonly code: string; readonly verifier: string }): Promise<OpenedSession | null> {
		const giver = this.codes.redeem(shown);
		return giver === null ? null : await this.#inherit(giver, "terminal");
	}

	/** Rejects with a SignInProblem. */
	async collect(deviceCode: string): Promise<OpenedSession | "pending" | "denied" | "unknown"> {
		const found = this.devices.outcome(deviceCode);
		if (found.outcome !== "approved") return found.outcome;
		return (await this.#inherit(found.session, "device")) ?? "unknown";
	}

	/** Where the browser signs out at the provider too; null where it cannot. */
	endSessionUrl({ idToken }: Session): string | null {
		return this.#provider.endSessionUrl(idToken, `${this.publicUrl}/`)?.href ?? null;
	}

	/** Whoever gave it must still be signed in: a sign-out between yes and now is a no. */
	async #inherit(giver: Session, way: Way): Promise<OpenedSession | null> {
		const current = this.sessions.all().some(({ id }) => id === giver.id);
		return current ? await this.#open(giver.person, way, null, giver.createdAt) : null;
	}

	async #oneOfFew<T>(ask: () => Promise<T>): Promise<T> {
		if (this.#asking >= AT_ONCE) throw new SignInProblem("sign-in-busy", "too many sign-ins wait for the provider");
		this.#asking += 1;
		try {
			return await ask();
		} finally {
			this.#asking -= 1;
		}
	}

	#ended(session: Session, detail: string): void {
		// That somebody is signed out holds without a record; a log that cannot be written is told of elsewhere.
		this.#deps.record({ ...about(session), type: "person-signed-out", at: this.#deps.now(), detail }).settled.catch(() => undefined);
	}

	/** Anybody can fail to sign in, over and over; the log has room for so many of them a minute. */
	#refused({ code, message }: SignInProblem): void {
		const now = this.#deps.monotonic();
		if (now - this.#refusals.since >= 60_000) this.#refusals = { since: now, recorded: 0, unrecorded: this.#refusals.unrecorded };
		if (this.#refusals.recorded >= REFUSALS_PER_MINUTE) {
			this.#refusals.unrecorded += 1;
			return;
		}
		const { unrecorded } = this.#refusals;
		this.#refusals.recorded += 1;
		this.#refusals.unrecorded = 0;
		const detail = plainText(message).slice(0, 300);
		const recorded = this.#deps.record({ type: "sign-in-refused", at: this.#deps.now(), problem: code, detail, unrecorded });
		recorded.settled.catch(() => undefined);
	}
}

function about({ id, person, way }: Session) {
	return { person: person.id, name: person.name, subject: person.subject.slice(0, 255), role: person.role, session: id, way };
}

/** Everything by which somebody was let in. */
function substance({ publicUrl, provider, rules }: SignInSettings): string {
	return JSON.stringify([publicUrl, { ...provider, clientSecret: provider.clientSecret?.reveal() ?? null }, rules]);
}

function isCarried(value: unknown): value is Carried {
	return typeof value === "object" && value !== null && "id" in value && "verifier" in value && "returnTo" in value;
}
