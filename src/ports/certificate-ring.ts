import type { Principal } from "../model/principal.ts";
import type { Reason } from "../model/reason.ts";

/** The certificate that a caller showed while TLS shook hands; that it holds the private key is proved by then, and nothing else is. */
export interface PresentedCertificate {
	/** Of the DER, lower-case hexadecimal. */
	readonly sha256: string;
	/** As `plainSerial` writes it. */
	readonly serial: string;
	/** Unix ms. */
	readonly notBefore: number;
	readonly notAfter: number;
	/** What an outside authority that is trusted at this moment says of the caller; null where none of them does. */
	vouched(): CertificateNames | null;
}

/** Names in a certificate, as they stand there. */
export interface CertificateNames {
	/** Subject's common names. */
	readonly cn: readonly string[];
	/** Subject's organizational units. */
	readonly ou: readonly string[];
	/** Subject alternative names. */
	readonly dns: readonly string[];
	readonly email: readonly string[];
	readonly uri: readonly string[];
}

/** Certificates that open something, in memory. */
export interface CertificateRing {
	verify(presented: PresentedCertificate, now: number): CertificateVerdict;
	/** Whether the keys of a role are good only together with a certificate of the same role. */
	demandedWith(role: string): boolean;
}

export type CertificateVerdict =
	| { readonly principal: Principal }
	/** `detail` is for the record: whose certificate it is, and what is wrong with it. */
	| { readonly refused: Reason; readonly detail: string | null };
