/**
 * Asks callers for a certificate and looks at the one that they show.
 *
 *  - Nobody is turned away while TLS shakes hands: whether a certificate opens anything is decided with each request, where it is on record.
 *  - An outside authority vouches for what it issued itself, for client authentication, no CA; and only if the TLS library too has built a chain to it,
 *    which looks at what is not looked at here (name constraints, weak signatures, critical extensions).
 *  - Whom to trust is asked anew after a change of the authorities, so one that was taken out vouches for nobody on open connections either.
 */
import { createHash, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { TLSSocket } from "node:tls";

import type { CertificateNames, PresentedCertificate } from "../../ports/certificate-ring.ts";
import type { Clock } from "../../std/clock.ts";
import { HintedError } from "../../std/hinted-error.ts";

const CLIENT_AUTHENTICATION = "1.3.6.1.5.5.7.3.2";
const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Joins the options of `tls.createServer` and `server.setSecureContext`. */
export interface AskingOptions {
	readonly requestCert: true;
	readonly rejectUnauthorized: false;
	readonly ca: string[];
	readonly allowPartialTrustChain: true;
}

export type ReadNames = (der: Uint8Array) => CertificateNames;

export class ClientCertificates {
	readonly #clock: Clock;
	#authorities: readonly X509Certificate[] = [];
	#readNames: ReadNames | null = null;
	/** Counts the changes of the authorities. */
	#generation = 0;

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	/** `readNames` may be left out where there is no authority. */
	trust(authorities: readonly X509Certificate[], readNames: ReadNames | null): void {
		this.#authorities = authorities;
		this.#readNames = readNames;
		this.#generation += 1;
	}

	/** `own` is the PEM of the local CA, so that clients know which of their certificates to offer; null for none. */
	tlsOptions(own: string | null): AskingOptions {
		const authorities = this.#authorities.map((authority) => authority.toString());
		return {
			requestCert: true,
			rejectUnauthorized: false,
			// An empty list stands for none; without one Node would trust every public authority.
			ca: own === null ? authorities : [own, ...authorities],
			allowPartialTrustChain: true,
		};
	}

	/** Null where the caller showed none. Throws where what it showed cannot be read. */
	presentedOn(socket: Pick<TLSSocket, "authorized" | "getPeerX509Certificate">): PresentedCertificate | null {
		const certificate = socket.getPeerX509Certificate();
		if (certificate === undefined) return null;
		const chained = socket.authorized;
		let answer: { readonly generation: number; readonly names: CertificateNames | null } | null = null;
		return {
			sha256: createHash("sha256").update(certificate.raw).digest("hex"),
			serial: certificate.serialNumber.replace(/^0+(?=.)/, ""),
			notBefore: certificate.validFromDate.getTime(),
			notAfter: certificate.validToDate.getTime(),
			vouched: () => {
				if (answer?.generation !== this.#generation) {
					answer = { generation: this.#generation, names: chained ? this.#namesIn(certificate) : null };
				}
				return answer.names;
			},
		};
	}

	#namesIn(certificate: X509Certificate): CertificateNames | null {
		if (certificate.ca || certificate.keyUsage?.includes(CLIENT_AUTHENTICATION) !== true) return null;
		const now = this.#clock();
		const issued = this.#authorities.some(
			(authority) =>
				authority.ca &&
				authority.validFromDate.getTime() <= now &&
				authority.validToDate.getTime() > now &&
				certificate.checkIssued(authority) &&
				certificate.verify(authority.publicKey),
		);
		if (!issued) return null;
		try {
			return this.#readNames?.(certificate.raw) ?? null;
		} catch {
			// Names that cannot be read name nobody.
			return null;
		}
	}
}

/** The authorities in a PEM file. Throws a HintedError where it holds none, or something else. */
export async function readAuthorities(file: string): Promise<readonly X509Certificate[]> {
	const hint = "name a PEM file of the certificates of your authority in identities.certificates.authorities";
	const text = await readFile(file, "utf8").catch((cause: unknown) => {
		const why = cause instanceof Error ? cause.message : String(cause);
		throw new HintedError(`the authorities of client certificates cannot be read: ${why}`, hint, { cause });
	});
	const authorities = Array.from(text.matchAll(PEM), ([pem]) => parsed(pem));
	if (authorities.length === 0) throw new HintedError(`${file} holds no certificate in PEM`, hint);
	for (const authority of authorities) {
		if (authority === null) throw new HintedError(`${file} holds a certificate that cannot be read`, hint);
		if (!authority.ca)
			throw new HintedError(`${file} holds a certificate of no authority: ${authority.subject.replaceAll("\n", ", ")}`, hint);
	}
	return authorities.filter((authority) => authority !== null);
}

function parsed(pem: string): X509Certificate | null {
	try {
		return new X509Certificate(pem);
	} catch {
		// The caller says which file, which is all that helps.
		return null;
	}
}
