/**
 * Client certificates in a running server: whether callers are asked for one, which authorities are trusted, and who their holders are.
 *
 *  - Whether to ask belongs to the listener and takes a restart; everything else is exchanged by a reload, which is refused whole where the authorities
 *    cannot be read or a role is not configured.
 *  - Where nobody is asked, no certificate is looked at.
 */
import type { X509Certificate } from "node:crypto";

import type { Config } from "../config/config.ts";
import { type AskingOptions, ClientCertificates, readAuthorities } from "../http/tls/client-certificates.ts";
import { localAuthority } from "../http/tls/local-ca.ts";
import { MemoryCertificateRing } from "../keys/certificates/certificate-ring.ts";
import type { Clock } from "../std/clock.ts";
import { HintedError } from "../std/hinted-error.ts";
import { assertRoles } from "./assert-roles.ts";

const NOTHING = { rules: [], revoked: [], withKey: [] } as const;

export class CertificateDoor {
	readonly ring = new MemoryCertificateRing(NOTHING);
	/** Null where callers are asked for none. */
	readonly shown: ClientCertificates | null;
	readonly #own: string | null;

	private constructor(shown: ClientCertificates | null, own: string | null) {
		this.shown = shown;
		this.#own = own;
	}

	static async open({ gateway, identities }: Config, stateDirectory: string, clock: Clock): Promise<CertificateDoor> {
		if (!identities.certificates.ask) return new CertificateDoor(null, null);
		if (gateway.tls.mode === "off") {
			throw new HintedError(
				"identities.certificates.ask needs TLS, which gateway.tls.mode: off turns off",
				"set gateway.tls.mode to local-ca or files, or leave ask out",
			);
		}
		return new CertificateDoor(new ClientCertificates(clock), (await localAuthority(stateDirectory, clock())).certificate);
	}

	/** What the listener's own options are joined by. */
	tlsOptions(): AskingOptions | Record<string, never> {
		return this.shown?.tlsOptions(this.#own) ?? {};
	}

	/** Reads what is configured; what is returned puts it in force and gives the principals to be cut. Throws a HintedError where that cannot be. */
	async prepare(config: Config, isRole: (name: string) => boolean): Promise<() => readonly string[]> {
		const authorities = await readCertificateRules(config, isRole);
		const { rules, revoked, withKey } = config.identities.certificates;
		const readNames = authorities.length === 0 ? null : (await import("../http/tls/certificate-names.ts")).certificateNamesIn;
		return () => {
			this.shown?.trust(authorities, readNames);
			return this.ring.adjust({ rules, revoked, withKey });
		};
	}
}

/** The authorities that are named. Throws a HintedError where they cannot be read, or a role is not configured. */
export async function readCertificateRules({ identities }: Config, isRole: (name: string) => boolean): Promise<readonly X509Certificate[]> {
	const { authorities, rules, withKey } = identities.certificates;
	assertRoles("identities.certificates", [...rules.map(({ role }) => role), ...withKey], isRole);
	return authorities === null ? [] : await readAuthorities(authorities);
}
