/**
 * A client certificate, its private key and its CA in one file (PKCS#12, RFC 7292), as browsers, phones and key stores take it.
 *
 *  - AES-256 and PBKDF2 with SHA-256 throughout, as OpenSSL 3 writes it; readers from before about 2018 want the old ciphers, and do not get them.
 *  - Everything is under the password, the certificates too: they name their owner.
 *  - Loaded only when a file is to be made.
 */
import { BmpString, OctetString } from "asn1js";
import { Attribute, AuthenticatedSafe, CertBag, Certificate, PFX, PKCS8ShroudedKeyBag, PrivateKeyInfo, SafeBag, SafeContents } from "pkijs";

import type { Secret } from "../../std/secret.ts";

/** RFC 7292 appendix D: what a bag holds. */
const KEY_BAG = "1.2.840.113549.1.12.10.1.2";
const CERTIFICATE_BAG = "1.2.840.113549.1.12.10.1.3";
/** PKCS #9: how a key finds its certificate (Java looks for nothing else), and what lists call both. */
const LOCAL_KEY_ID = "1.2.840.113549.1.9.21";
const FRIENDLY_NAME = "1.2.840.113549.1.9.20";
/** OpenSSL's count is 2,048; a password that is typed deserves more, and a file is opened once. */
const ITERATIONS = 100_000;
const CIPHER = { name: "AES-CBC", length: 256 } as const;

export interface Pkcs12Content {
	/** PEM. */
	readonly certificate: string;
	/** PKCS #8, PEM. */
	readonly key: string;
	/** PEM of the CA. */
	readonly authority: string;
	/** What key stores show. */
	readonly name: string;
}

export async function pkcs12Of(content: Pkcs12Content, secret: Secret): Promise<Buffer> {
	const password = bytesOf(Buffer.from(secret.reveal(), "utf8"));
	const encryption = { password, contentEncryptionAlgorithm: CIPHER, hmacHashAlgorithm: "SHA-256", iterationCount: ITERATIONS };

	const key = new PKCS8ShroudedKeyBag({ parsedValue: PrivateKeyInfo.fromBER(derOf(content.key)) });
	await key.makeInternalValues(encryption);
	const own = [
		attribute(LOCAL_KEY_ID, new OctetString({ valueHex: Uint8Array.of(1).buffer })),
		attribute(FRIENDLY_NAME, new BmpString({ value: content.name })),
	];
	const safe = new AuthenticatedSafe({
		parsedValue: {
			safeContents: [
				{ privacyMode: 0, value: new SafeContents({ safeBags: [new SafeBag({ bagId: KEY_BAG, bagValue: key, bagAttributes: own })] }) },
				{
					privacyMode: 1,
					value: new SafeContents({ safeBags: [certificateBag(content.certificate, own), certificateBag(content.authority, [])] }),
				},
			],
		},
	});
	await safe.makeInternalValues({ safeContents: [{}, encryption] });
	const file = new PFX({ parsedValue: { integrityMode: 0, authenticatedSafe: safe } });
	await file.makeInternalValues({ password, iterations: ITERATIONS, pbkdf2HashAlgorithm: "SHA-256", hmacHashAlgorithm: "SHA-256" });
	return Buffer.from(file.toSchema().toBER(false));
}

function certificateBag(pem: string, attributes: Attribute[]): SafeBag {
	const bag = new CertBag({ parsedValue: Certificate.fromBER(derOf(pem)) });
	return new SafeBag({ bagId: CERTIFICATE_BAG, bagValue: bag, ...(attributes.length === 0 ? {} : { bagAttributes: attributes }) });
}

function attribute(type: string, value: OctetString | BmpString): Attribute {
	return new Attribute({ type, values: [value] });
}

function derOf(pem: string): ArrayBuffer {
	return bytesOf(Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64"));
}

/** A buffer of its own: those of Node share a pool, and the library takes the whole. */
function bytesOf(buffer: Buffer): ArrayBuffer {
	return new Uint8Array(buffer).buffer;
}
