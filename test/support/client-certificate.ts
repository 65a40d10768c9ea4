/** An authority that is not the gateway's, and client certificates of its making, good and bad. */
import "reflect-metadata";

import { webcrypto } from "node:crypto";

import {
	BasicConstraintsExtension,
	cryptoProvider,
	ExtendedKeyUsage,
	ExtendedKeyUsageExtension,
	type JsonGeneralNames,
	KeyUsageFlags,
	KeyUsagesExtension,
	PemConverter,
	SubjectAlternativeNameExtension,
	type X509Certificate,
	X509CertificateGenerator,
} from "@peculiar/x509";

export interface ClientPair {
	/** PEM. */
	readonly cert: string;
	readonly key: string;
}

export interface ClientSpec {
	readonly cn: string;
	readonly dns?: readonly string[];
	readonly email?: readonly string[];
	readonly uri?: readonly string[];
	readonly usage?: "client" | "server" | "none";
	readonly expired?: boolean;
	/** Makes the certificate one of an authority. */
	readonly authority?: boolean;
}

const ECDSA = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY_MS = 86_400_000;

export class OutsideAuthority {
	#made: Promise<{ readonly certificate: X509Certificate; readonly keys: webcrypto.CryptoKeyPair }> | null = null;

	async pem(): Promise<string> {
		return `${(await this.#own()).certificate.toString("pem")}\n`;
	}

	async client(spec: ClientSpec): Promise<ClientPair & { readonly serial: string }> {
		const { certificate: issuer, keys: issuing } = await this.#own();
		const { cn, dns = [], email = [], uri = [], usage = "client", expired = false, authority = false } = spec;
		const keys = await webcrypto.subtle.generateKey(ECDSA, true, ["sign", "verify"]);
		const serial = `4${Buffer.from(webcrypto.getRandomValues(new Uint8Array(8)))
			.toString("hex")
			.slice(1)}`;
		const names: JsonGeneralNames = [
			...dns.map((value) => ({ type: "dns" as const, value })),
			...email.map((value) => ({ type: "email" as const, value })),
			...uri.map((value) => ({ type: "url" as const, value })),
		];
		const certificate = await X509CertificateGenerator.create({
			subject: [{ CN: [cn] }],
			issuer: issuer.subjectName,
			publicKey: keys.publicKey,
			signingKey: issuing.privateKey,
			signingAlgorithm: ECDSA,
			serialNumber: serial,
			notBefore: new Date(Date.now() - 2 * DAY_MS),
			notAfter: new Date(Date.now() + (expired ? -DAY_MS : DAY_MS)),
			extensions: [
				new BasicConstraintsExtension(authority, undefined, true),
				...(usage === "none" ? [] : [new ExtendedKeyUsageExtension([ExtendedKeyUsage[usage === "client" ? "clientAuth" : "serverAuth"]])]),
				...(names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names)]),
			],
		});
		const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
		return { cert: certificate.toString("pem"), key: PemConverter.encode(pkcs8, "PRIVATE KEY"), serial };
	}

	/** Every authority of these has the same name, as one that is meant to be taken for another would. */
	#own() {
		this.#made ??= (async () => {
			cryptoProvider.set(webcrypto);
			const keys = await webcrypto.subtle.generateKey(ECDSA, true, ["sign", "verify"]);
			const certificate = await X509CertificateGenerator.createSelfSigned({
				name: [{ CN: ["Outside CA"] }],
				keys,
				signingAlgorithm: ECDSA,
				notBefore: new Date(Date.now() - 3 * DAY_MS),
				notAfter: new Date(Date.now() + 30 * DAY_MS),
				extensions: [new BasicConstraintsExtension(true, 1, true), new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true)],
			});
			return { certificate, keys };
		})();
		return this.#made;
	}
}
