/**
 * Where the gateway's certificate comes from: the operator's files, or our own local CA when there are none. There is no way to have none.
 *
 *  - At start a pair that cannot be used is an error. Later it is not: the last good pair stays in force and `check` says what is wrong.
 *  - `check` compares contents, not times, so a secret mount that swaps links, a copy and an editor all work, and an unchanged file costs two reads.
 *  - TLS 1.2 with forward secrecy and AEAD, or 1.3; nothing else is negotiable. Only `http/1.1` is offered: the reader behind knows nothing else.
 *  - No SNI, ALPN or PSK callback: one that throws kills the process (CVE-2026-21637), and one certificate for all names needs none.
 */
import { X509Certificate } from "node:crypto";
import { isIPv6 } from "node:net";

import type { Clock } from "../../std/clock.ts";
import { HintedError } from "../../std/hinted-error.ts";
import { Turns } from "../../std/turns.ts";
import { type LoadedPair, loadPair, type PairFiles } from "./certificate-files.ts";
import { localCertificate } from "./local-ca.ts";
import { certificateNames, machineNames } from "./machine-names.ts";

export interface TlsSettings {
	/** The operator's own certificate; null for the local CA. */
	readonly files: PairFiles | null;
	/** What the local CA's certificate covers besides the machine's own names; asked anew at each check. */
	readonly names: () => readonly string[];
}

/** Fits `tls.createServer` and `server.setSecureContext`. */
export interface SecureContextOptions {
	readonly key: string;
	readonly cert: string;
	readonly minVersion: "TLSv1.2";
	readonly ciphers: string;
	readonly ecdhCurve: string;
	readonly honorCipherOrder: true;
	readonly ALPNProtocols: string[];
}

export type CheckOutcome =
	| { readonly outcome: "changed" | "unchanged" }
	/** `again` where the same complaint was made last time, so that a timer need not record it twice. */
	| { readonly outcome: "rejected"; readonly detail: string; readonly again: boolean };

export interface CertificateSource {
	/** A fresh object of the pair in force; for new connections after `check` said `changed`. */
	secureContextOptions(): SecureContextOptions;
	/** What clients must trust, where it is ours; null for the operator's files. */
	readonly ca: { readonly path: string; readonly sha256: string } | null;
	/** Names and addresses that the certificate in force covers. */
	readonly names: readonly string[];
	/** Unix ms. */
	readonly expiresAt: number;
	/** Looks again: at the files, or at the machine's names and the remaining time. Never throws; calls run one after another. */
	check(): Promise<CheckOutcome>;
}

/** RFC 9325 §4.2: ephemeral key exchange and AEAD only. 1.3's suites first; ChaCha20 last of each because most servers have AES instructions. */
const CIPHERS = [
	"TLS_AES_128_GCM_SHA256",
	"TLS_AES_256_GCM_SHA384",
	"TLS_CHACHA20_POLY1305_SHA256",
	"ECDHE-ECDSA-AES128-GCM-SHA256",
	"ECDHE-RSA-AES128-GCM-SHA256",
	"ECDHE-ECDSA-AES256-GCM-SHA384",
	"ECDHE-RSA-AES256-GCM-SHA384",
	"ECDHE-ECDSA-CHACHA20-POLY1305",
	"ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

/** The hybrid first: a recording of today's traffic stays closed to a quantum computer. The question mark skips it where the library lacks it. */
const CURVES = "?X25519MLKEM768:X25519:P-256:P-384";

interface InForce {
	readonly chain: string;
	readonly key: string;
	readonly certificate: X509Certificate;
	readonly ca: CertificateSource["ca"];
}

/** Opens the source; throws a HintedError where it has nothing good to start with. `machine` tells the machine's names, anew at each check. */
export async function openCertificates(
	settings: TlsSettings,
	stateDirectory: string,
	clock: Clock,
	machine: () => readonly string[] = machineNames,
): Promise<CertificateSource> {
	const load = settings.files === null ? () => fromLocalCa() : fromFiles(settings.files);
	const first = await load();
	if (typeof first === "string")
		throw new HintedError(first, "mend gateway.tls in the configuration, or leave it out to use Rempart's own local CA");
	return source(first, load);

	async function fromLocalCa(): Promise<InForce> {
		const local = await localCertificate(stateDirectory, certificateNames(machine(), settings.names()), clock());
		return {
			chain: local.chain,
			key: local.key,
			certificate: new X509Certificate(local.chain),
			ca: { path: local.caFile, sha256: local.caSha256 },
		};
	}

	function fromFiles(files: PairFiles): () => Promise<InForce | string> {
		return async () => {
			const pair: LoadedPair | string = await loadPair(files, clock());
			return typeof pair === "string" ? pair : { ...pair, ca: null };
		};
	}
}

function source(first: InForce, load: () => Promise<InForce | string>): CertificateSource {
	let inForce = first;
	let complaint: string | null = null;
	const turns = new Turns();

	async function check(): Promise<CheckOutcome> {
		const found = await load().catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
		if (typeof found === "string") {
			const again = found === complaint;
			complaint = found;
			return { outcome: "rejected", detail: found, again };
		}
		complaint = null;
		if (found.chain === inForce.chain && found.key === inForce.key) return { outcome: "unchanged" };
		inForce = found;
		return { outcome: "changed" };
	}

	return {
		secureContextOptions: () => ({
			key: inForce.key,
			cert: inForce.chain,
			minVersion: "TLSv1.2",
			ciphers: CIPHERS,
			ecdhCurve: CURVES,
			honorCipherOrder: true,
			// `curl --http1.0` offers nothing but http/1.0, and a server that does not know it must end the handshake.
			ALPNProtocols: ["http/1.1", "http/1.0"],
		}),
		get ca() {
			return inForce.ca;
		},
		get names() {
			return namesOf(inForce.certificate);
		},
		get expiresAt() {
			return inForce.certificate.validToDate.getTime();
		},
		// One at a time: two checks that both issue would write each other's files.
		check: () => turns.take(check),
	};
}

function namesOf(certificate: X509Certificate): readonly string[] {
	return (certificate.subjectAltName ?? "")
		.split(", ")
		.map((entry) => shortened(entry.replace(/^(?:DNS|IP Address):/, "")))
		.filter((name) => name !== "");
}

/** Node prints all eight groups of an IPv6 address; people look for `::1`. */
function shortened(name: string): string {
	return isIPv6(name) ? new URL(`http://[${name}]`).hostname.slice(1, -1) : name;
}
