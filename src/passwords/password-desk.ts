/**
 * Passwords of an htpasswd file: who is it, what does a check cost, and whom.
 *
 *  - A credential that was right lately, at the same network, is known again within microseconds. Nothing below concerns it.
 *  - Any other is checked against the slow hash on another thread, in a fair turn. Equal credentials that come at once share one check.
 *  - Whoever has been wrong too often waits longer each time, and is refused without a check until then. The answer is held back a moment, so that
 *    asking again and again at full speed costs connections and not processors.
 *  - A wrong credential is remembered as wrong, never as right: a program with yesterday's password does not use up what is free for its network.
 *  - Users who do not exist take every one of these ways like users who do.
 */
import { createHmac } from "node:crypto";

import type { GuessingNoticed } from "../model/event.ts";
import type { Reason } from "../model/reason.ts";
import type { AttemptStore } from "../ports/attempt-store.ts";
import type { PasswordChecker, PasswordVerdict, PendingVerdict } from "../ports/password-checker.ts";
import { networkOf } from "../std/network-of.ts";

import { Attempts, type Standpoint, type Subjects } from "./attempts.ts";
import { type CheckOutcome, CheckPool, type PendingCheck } from "./check-pool.ts";
import { CredentialMemo } from "./credential-memo.ts";
import { isUserName } from "./htpasswd.ts";
import type { PasswordUsers } from "./password-users.ts";
import { RecallPace } from "./recall-pace.ts";

export interface PasswordDeskDeps {
	/** Unix ms. */
	readonly now: () => number;
	readonly monotonic: () => number;
	/** 32 bytes that outlive the process, for naming networks and accounts without writing them down. */
	readonly subjectKey: Uint8Array;
	readonly store: AttemptStore;
	readonly record: (event: GuessingNoticed) => void;
	/** Made when first needed: a server without an htpasswd file starts no thread. */
	readonly makePool?: () => CheckPool;
}

/** Of UTF-8; longer ones are wrong. The work of some hashes grows with the length. */
const PASSWORD_BYTES = 512;
/** Who is given IPv6 addresses is mostly given as many as that, and could otherwise be 256 strangers. */
const CUSTOMER = { v4: 32, v6: 56 } as const;
const WRONG_FOR_MS = 10 * 60_000;
const RETRY_BUSY_MS = 2_000;
const HOLD_MS = 300;
const MOST_HELD = 256;
/** Of whoever was right with the very same credential. */
const EXPECTED: Standpoint = { standing: 0, delayMs: 0 };

interface Presented {
	readonly user: string;
	readonly password: string;
	readonly network: string;
	/** The line to check against; a stand-in's where there is no such user. */
	readonly stored: string;
	readonly tag: string;
	readonly pair: string;
}

interface SharedCheck {
	readonly check: PendingCheck;
	readonly verdict: Promise<PasswordVerdict>;
	waiting: number;
}

export class PasswordDesk implements PasswordChecker {
	readonly #deps: PasswordDeskDeps;
	readonly #attempts = new Attempts();
	readonly #right = new CredentialMemo();
	readonly #wrong = new CredentialMemo();
	readonly #pace = new RecallPace();
	readonly #running = new Map<string, SharedCheck>();
	#pool: CheckPool | null = null;
	#users: PasswordUsers | null = null;
	#rememberMs = 0;
	#held = 0;
	#changed = false;
	#restored = false;

	constructor(deps: PasswordDeskDeps) {
		this.#deps = deps;
	}

	get active(): boolean {
		return this.#users !== null;
	}

	get users(): PasswordUsers | null {
		return this.#users;
	}

	/** Checks that wait for their turn. */
	get waiting(): number {
		return this.#pool?.waiting ?? 0;
	}

	/** Takes up what was counted before a restart; once, before the first users. */
	async restore(): Promise<void> {
		if (this.#restored) return;
		this.#restored = true;
		const kept = await this.#deps.store.load();
		if (kept !== null) this.#attempts.restore(kept, this.#deps.now());
	}

	/** From now on these users count; null switches passwords off. Who was remembered and still stands there unchanged stays remembered. */
	use(users: PasswordUsers | null, rememberMs: number): void {
		this.#users = users;
		this.#rememberMs = rememberMs;
		if (users === null) return;
		this.#pool ??= this.#deps.makePool?.() ?? new CheckPool();
		this.#pool.warmUp();
	}

	verify(user: string, password: string, peer: string): PasswordVerdict | PendingVerdict {
		const presented = this.#presented(user.normalize("NFC"), password.normalize("NFC"), networkOf(peer, CUSTOMER));
		if (presented === null) return refused("credential-malformed");
		const now = this.#deps.monotonic();
		const closedMs = this.#pace.closedFor(presented.pair, now);
		if (closedMs > 0) return this.#hold(tooOften(closedMs));
		const recall = this.#recalled(presented, now);
		if (recall !== "unknown" && recall !== "stale") return recall;
		const owedMs = recall === "stale" ? 0 : this.#pace.missed(presented.pair, now);
		if (owedMs === 0) return this.#judge(presented, recall);
		return later(owedMs, () => this.#judge(presented, recall));
	}

	/** Keeps on disk what has been counted since the last call. */
	async save(): Promise<void> {
		if (!this.#changed) return;
		this.#changed = false;
		await this.#deps.store.save(this.#attempts.snapshot(this.#deps.now()));
	}

	async close(): Promise<void> {
		await this.#pool?.close();
		await this.save();
	}

	#presented(user: string, password: string, network: string): Presented | null {
		if (this.#users === null || password === "" || Buffer.byteLength(password) > PASSWORD_BYTES) return null;
		const found = this.#users.find(user);
		const stored = found !== null ? found.stored : isUserName(user) ? this.#users.standInFor(user) : null;
		if (stored === null) return null;
		return { user, password, network, stored, tag: this.#right.tagOf({ network, user, stored, password }), pair: `${network} ${user}` };
	}

	/** What memory says. `stale`: it was right, too long ago to count. */
	#recalled({ user, stored, tag }: Presented, now: number): PasswordVerdict | "stale" | "unknown" {
		const recall = this.#right.recall(tag, now);
		if (recall !== "unknown") {
			const found = this.#users?.find(user);
			if (found?.stored === stored) return recall === "fresh" ? { principal: found.principal } : "stale";
		}
		return this.#wrong.recall(tag, now) === "fresh" ? this.#wrongFor(user) : "unknown";
	}

	#judge(presented: Presented, recall: "stale" | "unknown"): PasswordVerdict | PendingVerdict {
		const { tag } = presented;
		const subjects = this.#subjectsOf(presented);
		// Who brings what was right a while ago does not guess: no wait that others caused, and the first place, or whoever guesses at the account from
		// the owner's address would keep the owner out once the memory of him has ended.
		const { standing, delayMs } = recall === "stale" ? EXPECTED : this.#attempts.standpoint(subjects, this.#deps.now());
		let shared = this.#running.get(tag);
		if (shared === undefined) {
			if (delayMs > 0) return this.#hold(tooOften(delayMs));
			const pool = this.#pool;
			if (pool === null) return refused("credential-unknown");
			const check = pool.check({ network: presented.network, account: presented.user, standing }, presented.stored, presented.password);
			shared = { check, waiting: 0, verdict: check.outcome.then((outcome) => this.#settle(outcome, presented, subjects)) };
			this.#running.set(tag, shared);
			const forget = (): void => void this.#running.delete(tag);
			shared.verdict.then(forget, forget);
		}
		const mine = shared;
		mine.waiting += 1;
		let gone = false;
		return {
			verdict: mine.verdict,
			giveUp: () => {
				if (gone) return;
				gone = true;
				mine.waiting -= 1;
				if (mine.waiting === 0) mine.check.giveUp();
			},
		};
	}

	#settle(outcome: CheckOutcome, { user, stored, tag, pair, network }: Presented, subjects: Subjects): PasswordVerdict {
		if (outcome === "crowded-out" || outcome === "left") return refused("password-checks-full", null, RETRY_BUSY_MS);
		const now = this.#deps.now();
		// The file may have changed meanwhile; a stand-in's password opens nothing.
		const found = this.#users?.find(user);
		this.#changed = true;
		if (outcome === "right" && found !== null && found !== undefined && found.stored === stored) {
			this.#right.add(tag, this.#deps.monotonic(), this.#rememberMs);
			this.#pace.begin(pair);
			this.#attempts.succeeded(subjects, now);
			return { principal: found.principal };
		}
		this.#wrong.add(tag, this.#deps.monotonic(), WRONG_FOR_MS);
		for (const scope of this.#attempts.failed(subjects, now)) {
			this.#deps.record({
				type: "guessing-noticed",
				at: now,
				scope,
				network: scope === "network" ? network : null,
				// A name that nobody has may be a password in the wrong field.
				principal: scope === "account" ? (found?.principal.id ?? null) : null,
				wrong: this.#attempts.countOf(scope, subjects, now),
			});
		}
		return this.#wrongFor(user);
	}

	#wrongFor(user: string): PasswordVerdict {
		const found = this.#users?.find(user) ?? null;
		return found === null ? refused("credential-unknown") : refused("credential-wrong", found.principal.id);
	}

	#subjectsOf({ user, network, pair }: Presented): Subjects {
		const named = (text: string): string => createHmac("sha256", this.#deps.subjectKey).update(text).digest("base64url").slice(0, 22);
		return { network: named(`network ${network}`), account: named(`account ${user}`), pair: named(`pair ${pair}`) };
	}

	#hold(verdict: PasswordVerdict): PasswordVerdict | PendingVerdict {
		if (this.#held >= MOST_HELD) return verdict;
		this.#held += 1;
		const held = later(HOLD_MS, () => verdict);
		void held.verdict.finally(() => {
			this.#held -= 1;
		});
		return held;
	}
}

/** `verdict` after some ms, or at once where the caller leaves; what is then answered reaches nobody. */
function later(ms: number, verdict: () => PasswordVerdict | PendingVerdict): PendingVerdict {
	const { promise, resolve } = Promise.withResolvers<PasswordVerdict>();
	let next: PendingVerdict | null = null;
	const timer = setTimeout(() => {
		const judged = verdict();
		if (!("verdict" in judged)) return resolve(judged);
		next = judged;
		resolve(judged.verdict);
	}, ms);
	return {
		verdict: promise,
		giveUp: () => {
			clearTimeout(timer);
			if (next === null) resolve(refused("password-checks-full", null, RETRY_BUSY_MS));
			else next.giveUp();
		},
	};
}

function tooOften(delayMs: number): PasswordVerdict {
	return refused("password-attempts-exceeded", null, delayMs);
}

function refused(reason: Reason, detail: string | null = null, retryAfterMs: number | null = null): PasswordVerdict {
	return { refused: reason, detail, retryAfterMs };
}
