/**
 * Enrolling, listing and removing principals that hold a private key of their own.
 *
 *  - The order of things is that of keys (`key-admin.ts`): an enrolment is on record before it is stored and stored before it opens anything; a removal
 *    takes effect in memory at once, then in the store, then on record.
 *  - One public key is one active principal: with two, whose rights a signature has would be a matter of order.
 *  - One act at a time. What an administrator can put right comes back as a problem, never as an exception.
 */
import type { EnrolledCredential, EnrolledPrincipal } from "../../model/enrolled-principal.ts";
import type { EventLog } from "../../ports/event-log.ts";
import type { PrincipalStore } from "../../ports/principal-store.ts";
import type { Clock } from "../../std/clock.ts";
import type { Secret } from "../../std/secret.ts";
import { Turns } from "../../std/turns.ts";
import { type Administered, done, notDone } from "../key-problem.ts";
import { mintKeyId } from "../mint-key.ts";
import { checkNewKey, type NewKeyRequest, nameForComparison } from "../new-key-request.ts";
import { readPublicKeyLine } from "../signed/ssh-public-key.ts";
import type { EnrolledRing } from "./enrolled-ring.ts";
import { fingerprintOf, type PrincipalView, principalStateOf, principalViewOf } from "./principal-view.ts";

export interface PrincipalAdminDeps {
	readonly rings: readonly EnrolledRing[];
	readonly store: PrincipalStore;
	readonly events: EventLog;
	readonly clock: Clock;
	/** Whether the policy has such a role. */
	readonly isRole: (name: string) => boolean;
	/** Issues client certificates; absent where there is no way to. Rejects with the reason. */
	readonly issue?: IssueCertificate;
	/** Called as soon as a principal is refused in memory, so that what still runs for it can be ended. */
	readonly onRemoved?: (id: string) => void;
}

export interface NewPrincipalRequest extends NewKeyRequest {
	/** The line of `id_ed25519.pub`. */
	readonly ollamaKey: string;
}

export type IssueCertificate = (
	subject: { readonly id: string; readonly name: string },
	/** Unix ms; the certificate may end earlier, with its CA. */
	expiresAt: number,
) => Promise<IssuedCertificate>;

export interface IssuedCertificate {
	/** PEM. */
	readonly certificate: string;
	/** PKCS #8, PEM. The only copy. */
	readonly key: Secret;
	/** PEM of the CA. */
	readonly authority: string;
	/** Of the DER, lower-case hexadecimal. */
	readonly sha256: string;
	readonly serial: string;
	/** Unix ms. */
	readonly expiresAt: number;
}

export interface EnrolledWithCertificate extends Pick<IssuedCertificate, "certificate" | "key" | "authority"> {
	readonly principal: PrincipalView;
}

export interface RemovedPrincipal {
	readonly principal: PrincipalView;
	/** What did not work besides; the principal is refused by this process all the same. */
	readonly warning: string | null;
}

const ID_PREFIX = "prn_";
const YEAR_MS = 365 * 24 * 3_600_000;

export class PrincipalAdmin {
	readonly #deps: PrincipalAdminDeps;
	readonly #principals = new Map<string, EnrolledPrincipal>();
	readonly #turns = new Turns();
	/** Removed in memory, but the store could not be told. */
	readonly #unstored = new Set<string>();

	constructor(deps: PrincipalAdminDeps) {
		this.#deps = deps;
	}

	/** Reads what the store holds into the rings. Needed once, before anything else. */
	async load(): Promise<void> {
		for (const principal of await this.#deps.store.all()) this.#put(principal);
	}

	list(): readonly PrincipalView[] {
		const now = this.#deps.clock();
		return Array.from(this.#principals.values(), (principal) => principalViewOf(principal, now));
	}

	find(id: string): EnrolledPrincipal | null {
		return this.#principals.get(id) ?? null;
	}

	add(request: NewPrincipalRequest): Promise<Administered<PrincipalView>> {
		return this.#turns.take(async () => {
			const read = readPublicKeyLine(request.ollamaKey);
			if ("problem" in read) return notDone("public-key-invalid", `no public key: ${read.problem}`, read.hint);
			const { name, role, models, groups, expiresAt, by } = request;
			const now = this.#deps.clock();
			const refused = this.#objectionTo(request, now) ?? this.#ownerOf(read.publicKey, now);
			if (refused !== null) return refused;
			const credential: EnrolledCredential = { kind: "ollama-key", publicKey: read.publicKey };
			return await this.#admit(
				{ id: this.#freeId(), name, role, models, groups, createdAt: now, expiresAt, revokedAt: null, credential },
				by,
			);
		});
	}

	/** Issues a client certificate and enrols whoever holds it. It is valid for a year where nothing else is asked. */
	enrol(request: NewKeyRequest): Promise<Administered<EnrolledWithCertificate>> {
		return this.#turns.take(async () => {
			const { name, role, models, groups, by } = request;
			const now = this.#deps.clock();
			const refused = this.#objectionTo(request, now);
			if (refused !== null) return refused;
			const id = this.#freeId();
			const issued = await this.#issue({ id, name }, request.expiresAt ?? now + YEAR_MS);
			if (typeof issued === "string") {
				return notDone("certificate-not-issued", `no certificate could be issued: ${issued}`, "see what is wrong with: rempart doctor");
			}
			const { certificate, key, authority, sha256, serial, expiresAt } = issued;
			const credential: EnrolledCredential = { kind: "certificate", sha256, serial };
			const admitted = await this.#admit({ id, name, role, models, groups, createdAt: now, expiresAt, revokedAt: null, credential }, by);
			return admitted.done ? done({ principal: admitted.value, certificate, key, authority }) : admitted;
		});
	}

	/** At once and for good. Idempotent: removing a removed one changes nothing and succeeds. */
	remove(id: string, { by }: { readonly by: string }): Promise<Administered<RemovedPrincipal>> {
		return this.#turns.take(async () => {
			const now = this.#deps.clock();
			const enrolled = this.find(id);
			if (enrolled === null) {
				// An id that has not the form of one comes as nothing: it may be a whole key, which is not to be named.
				const text = id === "" ? "that is no principal's id" : `there is no principal '${id}'`;
				return notDone("principal-unknown", text, "see the ids with 'rempart principal list'");
			}
			if (enrolled.revokedAt !== null && !this.#unstored.has(id)) return done({ principal: principalViewOf(enrolled, now), warning: null });

			const removed: EnrolledPrincipal = { ...enrolled, revokedAt: enrolled.revokedAt ?? now };
			this.#put(removed);
			this.#deps.onRemoved?.(id);
			try {
				await this.#deps.store.replace(removed);
				this.#unstored.delete(id);
			} catch (cause) {
				this.#unstored.add(id);
				return notDone(
					"not-stored",
					`principal ${id} is refused by this process, but that could not be stored: ${reasonOf(cause)}`,
					"put the store right and remove it again before restarting, or it comes back",
				);
			}
			const recorded = await this.#record("principal-removed", removed, by);
			const warning = recorded === null ? null : `the removal holds, but is not on record yet: ${recorded}`;
			return done({ principal: principalViewOf(removed, now), warning });
		});
	}

	/** On record, then stored, then in force. */
	async #admit(enrolled: EnrolledPrincipal, by: string): Promise<Administered<PrincipalView>> {
		const unrecorded = await this.#record("principal-added", enrolled, by);
		if (unrecorded !== null) {
			return notDone(
				"not-recorded",
				`nothing was changed, because it could not be recorded: ${unrecorded}`,
				"put the event log right (rempart doctor) and try again",
			);
		}
		try {
			await this.#deps.store.insert(enrolled);
		} catch (cause) {
			const detail = `principal-added of ${enrolled.id} was not carried out: ${reasonOf(cause)}`;
			this.#deps.events.append({ type: "fault-raised", at: this.#deps.clock(), fault: "key-store-unavailable", detail });
			return notDone(
				"not-stored",
				`nothing was changed, because the principal could not be stored: ${reasonOf(cause)}`,
				"put the key store right (rempart doctor) and try again",
			);
		}
		this.#put(enrolled);
		return done(principalViewOf(enrolled, this.#deps.clock()));
	}

	/** The certificate, or why there is none. */
	async #issue(subject: { readonly id: string; readonly name: string }, expiresAt: number): Promise<IssuedCertificate | string> {
		const { issue } = this.#deps;
		if (issue === undefined) return "there is no certificate authority here";
		try {
			return await issue(subject, expiresAt);
		} catch (cause) {
			return reasonOf(cause);
		}
	}

	#objectionTo(request: NewKeyRequest, now: number): Administered<never> | null {
		const checked = checkNewKey(request, now);
		if (!checked.done) return checked;
		if (!this.#deps.isRole(request.role)) {
			return notDone(
				"role-unknown",
				`there is no role '${request.role}'`,
				"built in are reader, user, operator and admin; others stand under roles in the configuration",
			);
		}
		const wanted = nameForComparison(request.name);
		const namesake = this.#active(now, ({ name }) => nameForComparison(name) === wanted);
		if (namesake === undefined) return null;
		return notDone(
			"name-taken",
			`principal ${namesake.id} already has the name '${namesake.name}'`,
			"choose another name, or remove that principal",
		);
	}

	#ownerOf(publicKey: string, now: number): Administered<never> | null {
		const owner = this.#active(now, ({ credential }) => credential.kind === "ollama-key" && credential.publicKey === publicKey);
		if (owner === undefined) return null;
		const hint = `remove that principal first: rempart principal remove ${owner.id}`;
		return notDone("public-key-taken", `the public key is that of ${owner.id} ('${owner.name}')`, hint);
	}

	#active(now: number, fits: (principal: EnrolledPrincipal) => boolean): EnrolledPrincipal | undefined {
		return Array.from(this.#principals.values()).find((principal) => principalStateOf(principal, now) === "active" && fits(principal));
	}

	#put(principal: EnrolledPrincipal): void {
		this.#principals.set(principal.id, principal);
		for (const ring of this.#deps.rings) ring.put(principal);
	}

	/** Null when on disk, else why not. */
	async #record(type: "principal-added" | "principal-removed", enrolled: EnrolledPrincipal, by: string): Promise<string | null> {
		const { id, name, role, credential } = enrolled;
		try {
			const event = { type, at: this.#deps.clock(), principal: id, name, role, credential: credential.kind, by };
			await this.#deps.events.append({ ...event, fingerprint: fingerprintOf(enrolled) }).settled;
			return null;
		} catch (cause) {
			return reasonOf(cause);
		}
	}

	#freeId(): string {
		let id = ID_PREFIX + mintKeyId();
		while (this.#principals.has(id)) id = ID_PREFIX + mintKeyId();
		return id;
	}
}

/** Whether a text has the form of a principal's id. */
export function isPrincipalId(text: string): boolean {
	return /^prn_[0-9a-z]{8}$/.test(text);
}

function reasonOf(cause: unknown): string {
	return cause instanceof Error ? cause.message : String(cause);
}
