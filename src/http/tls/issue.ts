/**
 * Makes the certificates of the local CA: its own, the server's, and those of clients. The only place that makes X.509; reading is `node:crypto`'s.
 *
 *  - ECDSA on P-256 throughout: every client takes it, and a handshake costs us a tenth of what RSA would.
 *  - The CA may sign servers and clients, and nothing below itself (`pathLen 0`). It has no name constraints, because OpenSSL, Go and Java disagree on them for
 *    addresses; what bounds it is that its key never leaves the state directory.
 *  - Loaded only when something is to be issued: the library costs 150 ms of start-up and needs a polyfill of `Reflect`.
 */
import "reflect-metadata";

import { webcrypto } from "node:crypto";
import { isIP } from "node:net";

import {
	AuthorityKeyIdentifierExtension,
	BasicConstraintsExtension,
	cryptoProvider,
	ExtendedKeyUsage,
	ExtendedKeyUsageExtension,
	KeyUsageFlags,
	KeyUsagesExtension,
	PemConverter,
	SubjectAlternativeNameExtension,
	SubjectKeyIdentifierExtension,
	X509Certificate,
	X509CertificateGenerator,
} from "@peculiar/x509";

const { subtle } = webcrypto;
const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 3650;
/** The CA/Browser Forum's bound is 398 days and Apple's clients enforce it, for local roots too when they were not installed by hand. */
const SERVER_DAYS = 396;
/** RFC 4519 §2.39: uid. */
const USER_ID = "0.9.2342.19200300.100.1.1";
/** Tolerates a caller's clock that runs behind. */
const BACKDATE_MS = 3_600_000;

const ECDSA = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** A certificate and its private key (PKCS #8), both PEM. */
export interface Issued {
	readonly certificate: string;
	readonly key: string;
}

export async function issueAuthority(host: string, now: number): Promise<Issued> {
	cryptoProvider.set(webcrypto);
	const keys = await subtle.generateKey(ECDSA, true, ["sign", "verify"]);
	const certificate = await X509CertificateGenerator.createSelfSigned({
		name: [{ CN: [commonName(`Rempart local CA ${host}`)] }],
		keys,
		signingAlgorithm: ECDSA,
		serialNumber: serialNumber(),
		notBefore: new Date(now - BACKDATE_MS),
		notAfter: new Date(now + AUTHORITY_DAYS * DAY_MS),
		extensions: [
			new BasicConstraintsExtension(true, 0, true),
			new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
			await SubjectKeyIdentifierExtension.create(keys.publicKey),
		],
	});
	return { certificate: pem(certificate), key: await privateKeyPem(keys.privateKey) };
}

/** `names` are DNS names and addresses. The certificate never outlives the CA. */
export async function issueServer(authority: Issued, names: readonly string[], host: string, now: number): Promise<Issued> {
	cryptoProvider.set(webcrypto);
	const issuer = new X509Certificate(authority.certificate);
	const signingKey = await subtle.importKey("pkcs8", PemConverter.decodeFirst(authority.key), ECDSA, false, ["sign"]);
	const keys = await subtle.generateKey(ECDSA, true, ["sign", "verify"]);
	const certificate = await X509CertificateGenerator.create({
		subject: [{ CN: [commonName(host)] }],
		issuer: issuer.subjectName,
		publicKey: keys.publicKey,
		signingKey,
		signingAlgorithm: ECDSA,
		serialNumber: serialNumber(),
		notBefore: new Date(now - BACKDATE_MS),
		notAfter: new Date(Math.min(now - BACKDATE_MS + SERVER_DAYS * DAY_MS, issuer.notAfter.getTime())),
		extensions: [
			new BasicConstraintsExtension(false, undefined, true),
			new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
			new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
			new SubjectAlternativeNameExtension(names.map((name) => ({ type: isIP(name) === 0 ? "dns" : "ip", value: name }))),
			await SubjectKeyIdentifierExtension.create(keys.publicKey),
			await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
		],
	});
	return { certificate: pem(certificate), key: await privateKeyPem(keys.privateKey) };
}

/** `id` and `name` (64 characters at most) stand in the subject, for people; what it opens is looked up by its digest. Never outlives the CA. */
export async function issueClient(
	authority: Issued,
	{ id, name }: { readonly id: string; readonly name: string },
	{ now, expiresAt }: { readonly now: number; readonly expiresAt: number },
): Promise<Issued> {
	cryptoProvider.set(webcrypto);
	const issuer = new X509Certificate(authority.certificate);
	const signingKey = await subtle.importKey("pkcs8", PemConverter.decodeFirst(authority.key), ECDSA, false, ["sign"]);
	const keys = await subtle.generateKey(ECDSA, true, ["sign", "verify"]);
	const certificate = await X509CertificateGenerator.create({
		subject: [{ CN: [name] }, { [USER_ID]: [id] }],
		issuer: issuer.subjectName,
		publicKey: keys.publicKey,
		signingKey,
		signingAlgorithm: ECDSA,
		serialNumber: serialNumber(),
		notBefore: new Date(now - BACKDATE_MS),
		notAfter: new Date(Math.min(expiresAt, issuer.notAfter.getTime())),
		extensions: [
			new BasicConstraintsExtension(false, undefined, true),
			new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
			new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
			await SubjectKeyIdentifierExtension.create(keys.publicKey),
			await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
		],
	});
	return { certificate: pem(certificate), key: await privateKeyPem(keys.privateKey) };
}

function pem(certificate: X509Certificate): string {
	return `${certificate.toString("pem").trim()}\n`;
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
	return `${PemConverter.encode(await subtle.exportKey("pkcs8", key), "PRIVATE KEY").trim()}\n`;
}

/** 126 random bits; positive, and its first byte is never zero (RFC 5280 §4.1.2.2). */
function serialNumber(): string {
	const bytes = webcrypto.getRandomValues(new Uint8Array(16));
	bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
	return Buffer.from(bytes).toString("hex");
}

/** RFC 5280 ub-common-name: 64 characters. */
function commonName(name: string): string {
	return name.slice(0, 64);
}
