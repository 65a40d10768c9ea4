/** Issues client certificates from the local CA of a state directory. */
import { X509Certificate } from "node:crypto";

import { fingerprint, localAuthority } from "../http/tls/local-ca.ts";
import { plainSerial } from "../keys/certificates/plain-serial.ts";
import type { IssueCertificate } from "../keys/enrolled/principal-admin.ts";
import type { Clock } from "../std/clock.ts";
import { invariant } from "../std/invariant.ts";
import { Secret } from "../std/secret.ts";

export function issuerOf(stateDirectory: string, clock: Clock): IssueCertificate {
	return async (subject, expiresAt) => {
		const now = clock();
		const authority = await localAuthority(stateDirectory, now);
		const { issueClient } = await import("../http/tls/issue.ts");
		const issued = await issueClient(authority, subject, { now, expiresAt });
		const certificate = new X509Certificate(issued.certificate);
		const serial = plainSerial(certificate.serialNumber);
		invariant(serial !== null, "what was issued here has a serial number");
		return {
			certificate: issued.certificate,
			key: new Secret(issued.key),
			authority: authority.certificate,
			sha256: fingerprint(certificate),
			serial,
			expiresAt: certificate.validToDate.getTime(),
		};
	};
}
