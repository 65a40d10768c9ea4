/**
 * Creating, listing, rotating and revoking keys.
 *
 *  - A key's text is handed out exactly once, and only after the act is durable in the event log and the key in the store. The record comes first:
 *    an announced key that could not be stored opens nothing (and that is recorded too), a stored one that nobody recorded would be a back door.
 *  - Revoking runs the other way: it takes effect in memory at once, then in the store, then on record. A full disk must never keep a stolen key alive.
 *  - One act at a time, so two of them can neither take one name nor undo each other.
 *  - What an administrator can put right comes back as a problem, never as an exception.
 */
import type { ApiKey } from "../model/api-key.ts";
import type { EventLog } from "../ports/event-log.ts";
import type { KeyStore } from "../ports/key-store.ts";
import type { Clock } from "../std/clock.ts";
import type { Secret } from "../std/secret.ts";
import { Turns } from "../std/turns.ts";

import type { KeyMac } from "./key-mac.ts";
import { type Administered, done, notDone } from "./key-problem.ts";
import type { MemoryKeyRing } from "./key-ring.ts";
import { type KeyView, keyStateOf, keyViewOf } from "./key-view.ts";
import { type MintedKey, mintKey, mintKeyId } from "./mint-key.ts";
import { checkNewKey, type NewKeyRequest, nameForComparison } from "./new-key-request.ts";

export interface KeyAdminDeps {
	readonly ring: MemoryKeyRing;
	readonly store: KeyStore;
	readonly events: EventLog;
	readonly mac: KeyMac;
	readonly clock: Clock;
	/** Whether the policy has such a role. A typing error would make a key that may do nothing. */
	readonly isRole: (name: string) => boolean;
	/** Called as soon as a key is refused in memory, so that what still runs for it can be ended. */
	readonly onRevoked?: (id: string) => void;
}

export interface IssuedKey {
	/** The only copy. */
	readonly text: Secret;
	readonly key: KeyView;
}

export interface RevokedKey {
	readonly key: KeyView;
	/** What did not work besides; the key is refused by this process all the same. */
	readonly warning: string | null;
}

/** A year: an overlap is for replacing a key in a few clients, not for keeping two for ever. */
const OVERLAP_MAX_MS = 366 * 24 * 3_600_000;

export class KeyAdmin {
	readonly #deps: KeyAdminDeps;
	readonly #turns = new Turns();
	/** Revoked in memory, but the store could not be told. */
	readonly #unstored = new Set<string>();

	constructor(deps: KeyAdminDeps) {
		this.#deps = deps;
	}

	/** Reads what the store holds into the ring. Needed once, before anything else. */
	async load(): Promise<void> {
		this.#deps.ring.load(await this.#deps.store.all());
	}

	list(): readonly KeyView[] {
		const now = this.#deps.clock();
		return Array.from(this.#deps.ring.keys(), (key) => keyViewOf(key, now));
	}

	show(id: string): Administered<KeyView> {
		const key = this.#deps.ring.find(id);
		return key === null ? unknownKey(id) : done(keyViewOf(key, this.#deps.clock()));
	}

	create(request: NewKeyRequest): Promise<Administered<IssuedKey>> {
		return this.#turns.take(async () => {
			const now = this.#deps.clock();
			const checked = checkNewKey(request, now);
			if (!checked.done) return checked;
			const { name, role, models, groups, expiresAt, by } = request;
			if (!this.#deps.isRole(role))
				return notDone(
					"role-unknown",
					`there is no role '${role}'`,
					"built in are reader, user, operator and admin; others stand under roles in the configuration",
				);
			const namesake = this.#keyNamed(name, now);
			if (namesake !== null) {
				return notDone(
					"name-taken",
					`key ${namesake.id} already has the name '${namesake.name}'`,
					"choose another name, or rotate or revoke that key",
				);
			}

			const minted = mintKey(this.#freeId());
			const secret = { mac: this.#deps.mac.macOf(minted.text.reveal()), last4: minted.last4, createdAt: now, expiresAt: null };
			const key: ApiKey = { id: minted.id, name, role, models, groups, createdAt: now, expiresAt, revokedAt: null, secrets: [secret] };
			return await this.#issue("key-created", { key, minted, by, store: (created) => this.#deps.store.insert(created) });
		});
	}

	/** Gives the key a new secret. The old one goes on working for `overlapMs`; 0 ends it at once. A secret older than that ends now. */
	rotate(id: string, { overlapMs, by }: { readonly overlapMs: number; readonly by: string }): Promise<Administered<IssuedKey>> {
		return this.#turns.take(async () => {
			const now = this.#deps.clock();
			const key = this.#deps.ring.find(id);
			if (key === null) return unknownKey(id);
			const state = keyStateOf(key, now);
			if (state === "revoked") return notDone("key-revoked", `key ${id} was revoked`, "a revoked key stays so; create a new one");
			if (state === "expired") return notDone("key-expired", `key ${id} has expired`, "an expired key stays so; create a new one");
			if (!Number.isSafeInteger(overlapMs) || overlapMs < 0 || overlapMs > OVERLAP_MAX_MS) {
				return notDone(
					"overlap-invalid",
					"the overlap is not between 0 and 366 days",
					"choose how long the old secret goes on working, such as 24h",
				);
			}

			const minted = mintKey(id);
			const newest = { mac: this.#deps.mac.macOf(minted.text.reveal()), last4: minted.last4, createdAt: now, expiresAt: null };
			const [old] = key.secrets;
			const kept = old === undefined || overlapMs === 0 ? [] : [{ ...old, expiresAt: now + overlapMs }];
			const rotated: ApiKey = { ...key, secrets: [newest, ...kept] };
			return await this.#issue("key-rotated", { key: rotated, minted, by, store: (changed) => this.#deps.store.replace(changed) });
		});
	}

	/** Idempotent: revoking a revoked key changes nothing and succeeds. */
	revoke(id: string, { by }: { readonly by: string }): Promise<Administered<RevokedKey>> {
		return this.#turns.take(async () => {
			const now = this.#deps.clock();
			const key = this.#deps.ring.find(id);
			if (key === null) return unknownKey(id);
			if (key.revokedAt !== null && !this.#unstored.has(id)) return done({ key: keyViewOf(key, now), warning: null });

			const revoked: ApiKey = { ...key, revokedAt: key.revokedAt ?? now };
			this.#deps.ring.put(revoked);
			this.#deps.onRevoked?.(id);
			try {
				await this.#deps.store.replace(revoked);
				this.#unstored.delete(id);
			} catch (cause) {
				this.#unstored.add(id);
				return notDone(
					"not-stored",
					`key ${id} is refused by this process, but that could not be stored: ${reasonOf(cause)}`,
					"put the store right and revoke again before restarting, or the key comes back",
				);
			}
			const recorded = await this.#record("key-revoked", revoked, by);
			const warning = recorded === null ? null : `the revocation holds, but is not on record yet: ${recorded}`;
			return done({ key: keyViewOf(revoked, now), warning });
		});
	}

	async #issue(
		type: "key-created" | "key-rotated",
		act: { readonly key: ApiKey; readonly minted: MintedKey; readonly by: string; readonly store: (key: ApiKey) => Promise<void> },
	): Promise<Administered<IssuedKey>> {
		const unrecorded = await this.#record(type, act.key, act.by);
		if (unrecorded !== null) {
			return notDone(
				"not-recorded",
				`nothing was changed, because it could not be recorded: ${unrecorded}`,
				"put the event log right (rempart doctor) and try again",
			);
		}
		try {
			await act.store(act.key);
		} catch (cause) {
			const detail = `${type} of ${act.key.id} was not carried out: ${reasonOf(cause)}`;
			this.#deps.events.append({ type: "fault-raised", at: this.#deps.clock(), fault: "key-store-unavailable", detail });
			return notDone(
				"not-stored",
				`nothing was changed, because the key could not be stored: ${reasonOf(cause)}`,
				"put the key store right (rempart doctor) and try again",
			);
		}
		this.#deps.ring.put(act.key);
		return done({ text: act.minted.text, key: keyViewOf(act.key, this.#deps.clock()) });
	}

	/** Null when on disk, else why not. */
	async #record(type: "key-created" | "key-rotated" | "key-revoked", key: ApiKey, by: string): Promise<string | null> {
		try {
			await this.#deps.events.append({ type, at: this.#deps.clock(), key: key.id, name: key.name, role: key.role, by }).settled;
			return null;
		} catch (cause) {
			return reasonOf(cause);
		}
	}

	#keyNamed(name: string, now: number): ApiKey | null {
		const wanted = nameForComparison(name);
		for (const key of this.#deps.ring.keys()) {
			// The name of a key that is revoked or expired is free again.
			if (nameForComparison(key.name) === wanted && keyStateOf(key, now) === "active") return key;
		}
		return null;
	}

	#freeId(): string {
		let id = mintKeyId();
		while (this.#deps.ring.find(id) !== null) id = mintKeyId();
		return id;
	}
}

function unknownKey(id: string): Administered<never> {
	// An id that has not the form of one comes as nothing: it may be a whole key, which is not to be named.
	return notDone("key-unknown", id === "" ? "that is no key's id" : `there is no key '${id}'`, "see the ids with 'rempart key list'");
}

function reasonOf(cause: unknown): string {
	return cause instanceof Error ? cause.message : String(cause);
}
