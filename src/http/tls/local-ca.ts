/**
 * Our own certificate authority: TLS from the first minute, without a domain name and without asking anybody.
 *
 *  - `tls/{ca,ca-key,server,server-key}.pem` in the state directory, made when missing, every file 0600, every write durable.
 *  - The CA lasts ten years and is what clients are told to trust, so nothing replaces it but its end or an operator who deletes it. A damaged CA is
 *    an error: a new one made silently would break every client that trusts the old.
 *  - The server's certificate is issued again when the names to cover change, when fewer than 30 days are left, or when it does not fit its CA or key.
 *  - The CA's own certificate is sent along with the server's, so that a client can check it by its fingerprint on first contact.
 */
import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";

import { HintedError } from "../../std/hinted-error.ts";
import { writeDurably } from "./durable-file.ts";
import type { Issued } from "./issue.ts";

const RENEW_BEFORE_MS = 30 * 86_400_000;

export interface LocalCertificate {
	/** Server's certificate, then the CA's; PEM. */
	readonly chain: string;
	readonly key: string;
	readonly caFile: string;
	/** SHA-256 of the CA certificate's DER, lower-case hex. */
	readonly caSha256: string;
}

/** Reads what is there and makes what is missing or no longer fits. `names` as `certificateNames` gives them. */
export async function localCertificate(stateDirectory: string, names: readonly string[], now: number): Promise<LocalCertificate> {
	const folder = join(stateDirectory, "tls");
	await mkdir(folder, { recursive: true, mode: 0o700 });
	const caFiles = { certificate: join(folder, "ca.pem"), key: join(folder, "ca-key.pem") };
	const serverFiles = { certificate: join(folder, "server.pem"), key: join(folder, "server-key.pem") };

	const authority = await authorityIn(caFiles, now);
	const kept = await readPair(serverFiles);
	const server = kept !== null && stillFits(kept, authority, names, now) ? kept : await issueInto(serverFiles, authority, names, now);
	return {
		chain: server.certificate + authority.certificate,
		key: server.key,
		caFile: caFiles.certificate,
		caSha256: fingerprint(new X509Certificate(authority.certificate)),
	};
}

/** The CA with its key, for who issues certificates of clients; made when missing. */
export async function localAuthority(stateDirectory: string, now: number): Promise<Issued> {
	const folder = join(stateDirectory, "tls");
	await mkdir(folder, { recursive: true, mode: 0o700 });
	return await authorityIn({ certificate: join(folder, "ca.pem"), key: join(folder, "ca-key.pem") }, now);
}

/** SHA-256 of the certificate's DER in lower-case hex: what `openssl x509 -fingerprint -sha256` prints, without the colons. */
export function fingerprint(certificate: X509Certificate): string {
	return createHash("sha256").update(certificate.raw).digest("hex");
}

type Files = Issued;

async function authorityIn(files: Files, now: number): Promise<Issued> {
	const kept = await readPair(files);
	if (kept === null) {
		const { issueAuthority } = await import("./issue.ts");
		return await writePair(files, await issueAuthority(hostname(), now));
	}
	const certificate = parsed(kept.certificate);
	if (certificate === null || !certificate.ca || !belongsTo(kept.key, certificate)) {
		throw new HintedError(
			`the local CA in ${files.certificate} is damaged or its key does not belong to it`,
			"restore both files from a backup; or delete both to make a new CA, which every client must then trust anew",
		);
	}
	if (certificate.validToDate.getTime() - now >= RENEW_BEFORE_MS) return kept;
	const { issueAuthority } = await import("./issue.ts");
	return await writePair(files, await issueAuthority(hostname(), now));
}

async function issueInto(files: Files, authority: Issued, names: readonly string[], now: number): Promise<Issued> {
	const { issueServer } = await import("./issue.ts");
	return await writePair(files, await issueServer(authority, names, hostname(), now));
}

function stillFits(pair: Issued, authority: Issued, names: readonly string[], now: number): boolean {
	const certificate = parsed(pair.certificate);
	const issuer = parsed(authority.certificate);
	if (certificate === null || issuer === null) return false;
	return (
		certificate.checkIssued(issuer) &&
		certificate.verify(issuer.publicKey) &&
		belongsTo(pair.key, certificate) &&
		certificate.validToDate.getTime() - now >= RENEW_BEFORE_MS &&
		certificate.validFromDate.getTime() <= now &&
		covers(certificate, names)
	);
}

/** Exactly these names: a certificate that covers more than is wanted is issued again too. */
function covers(certificate: X509Certificate, names: readonly string[]): boolean {
	const covered = (certificate.subjectAltName ?? "").split(", ").length;
	return (
		covered === names.length &&
		names.every((name) => (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined)
	);
}

function belongsTo(key: string, certificate: X509Certificate): boolean {
	try {
		return certificate.checkPrivateKey(createPrivateKey(key));
	} catch {
		// Not a key at all: it belongs to nothing.
		return false;
	}
}

function parsed(pem: string): X509Certificate | null {
	try {
		return new X509Certificate(pem);
	} catch {
		// Not a certificate; the caller decides whether that is an error or a reason to issue.
		return null;
	}
}

/** Null where neither file is there. One without the other is damage, which the checks above then find. */
async function readPair(files: Files): Promise<Issued | null> {
	const [certificate, key] = await Promise.all([readOrNull(files.certificate), readOrNull(files.key)]);
	return certificate === null && key === null ? null : { certificate: certificate ?? "", key: key ?? "" };
}

async function readOrNull(file: string): Promise<string | null> {
	try {
		return await readFile(file, "utf8");
	} catch (error) {
		if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
		throw new HintedError(`${file} cannot be read`, "check its owner and mode: it must belong to the user that Rempart runs as", {
			cause: error,
		});
	}
}

async function writePair(files: Files, pair: Issued): Promise<Issued> {
	// The key first: a crash in between leaves a key without a certificate, and never a certificate that nobody has the key of.
	await writeDurably(files.key, pair.key, 0o600);
	await writeDurably(files.certificate, pair.certificate, 0o600);
	return pair;
}
