/** The names in a certificate, read by a parser of ASN.1: those that Node prints in one line have been forged before (CVE-2021-44532). */
import "reflect-metadata";

import { SubjectAlternativeNameExtension, X509Certificate } from "@peculiar/x509";

import type { CertificateNames } from "../../ports/certificate-ring.ts";

/** Throws for what is no certificate, or one whose extension cannot be read. */
export function certificateNamesIn(der: Uint8Array): CertificateNames {
	const certificate = new X509Certificate(new Uint8Array(der));
	const alternative = certificate.getExtension(SubjectAlternativeNameExtension)?.names.toJSON() ?? [];
	const named = (type: string) => alternative.filter((name) => name.type === type).map(({ value }) => value);
	return {
		cn: certificate.subjectName.getField("CN"),
		ou: certificate.subjectName.getField("OU"),
		dns: named("dns"),
		email: named("email"),
		uri: named("url"),
	};
}
