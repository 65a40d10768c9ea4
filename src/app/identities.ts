/**
 * Who can be somebody in a running server: holders of keys, signatures and certificates, users with passwords, bearers of access tokens, and users whom a
 * proxy has signed in.
 *
 *  - Prepared as one and put in force as one: a reload that one kind refuses changes nothing for the others.
 *  - Whoever is revoked, removed, or let in by no file and no issuer any more loses what runs for him at this moment too. What runs for a proxy's user or
 *    by an outside certificate that no rule fits any more ends by itself; their next request is refused.
 */
import type { Metrics } from "../admin/metrics.ts";
import type { Config } from "../config/config.ts";
import { ProxyUsers } from "../gateway/proxy-users.ts";
import { PrincipalAdmin } from "../keys/enrolled/principal-admin.ts";
import { KeyAdmin } from "../keys/key-admin.ts";
import { KeyMac } from "../keys/key-mac.ts";
import { MemoryKeyRing } from "../keys/key-ring.ts";
import { MemorySignatureRing } from "../keys/signed/signature-ring.ts";
import type { Event } from "../model/event.ts";
import type { Clock } from "../std/clock.ts";
import type { Stores } from "../stores/sqlite/open-stores.ts";
import { assertRoles } from "./assert-roles.ts";
import { CertificateDoor } from "./certificate-door.ts";
import { issuerOf } from "./issue-certificate.ts";
import { Passwords } from "./passwords.ts";
import { signatureSettingsOf } from "./settings.ts";
import { Tokens } from "./tokens.ts";

export interface IdentitiesDeps {
	readonly stateDirectory: string;
	readonly stores: Pick<Stores, "keys" | "principals" | "events" | "pepper">;
	readonly clock: Clock;
	readonly monotonic: () => number;
	readonly record: (event: Event) => void;
	readonly metrics: Pick<Metrics, "read" | "readProviders">;
	/** Whether the policy in force has such a role. */
	readonly isRole: (name: string) => boolean;
	/** The principal is let in no more; not called before the first `prepare` is in force. */
	readonly cut: (principal: string) => void;
}

export class Identities {
	readonly ring: MemoryKeyRing;
	readonly keys: KeyAdmin;
	readonly principals: PrincipalAdmin;
	readonly certificates: CertificateDoor;
	readonly passwords: Passwords;
	readonly tokens: Tokens;
	readonly proxyUsers: ProxyUsers;
	readonly #signatures: MemorySignatureRing;
	readonly #cut: (principal: string) => void;

	private constructor(config: Config, certificates: CertificateDoor, deps: IdentitiesDeps) {
		const { stateDirectory, stores, clock, monotonic, record, metrics, isRole, cut } = deps;
		const { events, pepper } = stores;
		this.#cut = cut;
		this.certificates = certificates;
		this.#signatures = new MemorySignatureRing(signatureSettingsOf(config));
		const mac = new KeyMac(pepper);
		this.ring = new MemoryKeyRing(mac, this.#signatures, certificates.shown === null ? null : certificates.ring);
		this.keys = new KeyAdmin({ ring: this.ring, store: stores.keys, events, mac, clock, isRole, onRevoked: cut });
		this.principals = new PrincipalAdmin({
			rings: [this.#signatures, certificates.ring],
			issue: issuerOf(stateDirectory, clock),
			store: stores.principals,
			events,
			clock,
			isRole,
			onRemoved: cut,
		});
		this.passwords = new Passwords({ stateDirectory, pepper, now: clock, monotonic, record, onRemoved: cut });
		this.tokens = new Tokens({ now: clock, monotonic, record, metrics, onRemoved: cut });
		this.proxyUsers = new ProxyUsers(config.identities.proxy, this.ring, clock);
		metrics.read("passwordChecks", () => this.passwords.desk.waiting);
	}

	/** Loads who is there; what the configuration says is in force once it is prepared. Throws a HintedError where an operator has to act first. */
	static async open(config: Config, deps: IdentitiesDeps): Promise<Identities> {
		const certificates = await CertificateDoor.open(config, deps.stateDirectory, deps.clock);
		const identities = new Identities(config, certificates, deps);
		try {
			await identities.keys.load();
			await identities.principals.load();
			return identities;
		} catch (error) {
			await identities.close();
			throw error;
		}
	}

	/** Reads what is configured; what is returned puts it in force. Throws a HintedError, changing nothing, where that cannot be. */
	async prepare(config: Config, isRole: (name: string) => boolean): Promise<() => void> {
		const { identities } = config;
		assertProxyRoles(config, isRole);
		const usePasswords = await this.passwords.prepare(identities.htpasswd, isRole);
		const useTokens = await this.tokens.prepare(identities.tokens, isRole);
		const useCertificates = await this.certificates.prepare(config, isRole);
		return () => {
			usePasswords();
			useTokens();
			this.proxyUsers.adjust(identities.proxy);
			this.#signatures.adjust(signatureSettingsOf(config));
			for (const id of useCertificates()) this.#cut(id);
		};
	}

	/** Those whom events and reports can name. */
	names(): readonly { readonly id: string; readonly name: string }[] {
		return [...this.keys.list(), ...this.principals.list()];
	}

	async close(): Promise<void> {
		this.tokens.close();
		await this.passwords.close();
	}
}

/** Throws a HintedError where users of a proxy would have a role that is not configured. */
export function assertProxyRoles({ identities: { proxy } }: Config, isRole: (name: string) => boolean): void {
	assertRoles("identities.proxy", [proxy.role, ...proxy.rules.map(({ role }) => role)], isRole);
}
