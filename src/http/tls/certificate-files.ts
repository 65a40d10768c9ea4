/**
 * Certificate and key that the operator gives as files (from a company CA, certbot, a secret mount).
 *
 *  - Read together and judged together: whatever is wrong is a sentence, never a half-loaded pair.
 *  - The judge of last resort is the TLS library itself: a pair that makes no secure context is not one.
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";

export interface PairFiles {
	/** PEM: the server's certificate first, then those between it and a root. */
	readonly certificate: string;
	/** PEM, not encrypted. */
	readonly key: string;
}

export interface LoadedPair {
	readonly chain: string;
	readonly key: string;
	readonly certificate: X509Certificate;
}

/** The pair, or why it cannot be used. */
export async function loadPair(files: PairFiles, now: number): Promise<LoadedPair | string> {
	const [chain, key] = await Promise.all([readText(files.certificate), readText(files.key)]);
	if (typeof chain !== "string") return chain.problem;
	if (typeof key !== "string") return key.problem;
	return judge(files, chain, key, now);
}

function judge(files: PairFiles, chain: string, key: string, now: number): LoadedPair | string {
	const certificate = attempt(() => new X509Certificate(chain));
	if (certificate === null) return `${files.certificate} holds no certificate in PEM`;
	const privateKey = attempt(() => createPrivateKey(key));
	if (privateKey === null) return `${files.key} holds no private key in PEM, or one that is encrypted`;
	if (!certificate.checkPrivateKey(privateKey)) return `the key in ${files.key} does not belong to the certificate in ${files.certificate}`;
	if (certificate.validToDate.getTime() <= now)
		return `the certificate in ${files.certificate} expired on ${certificate.validToDate.toISOString()}`;
	if (certificate.validFromDate.getTime() > now)
		return `the certificate in ${files.certificate} is not valid before ${certificate.validFromDate.toISOString()}`;
	if (attempt(() => createSecureContext({ cert: chain, key })) === null)
		return `the TLS library refuses the certificate in ${files.certificate}`;
	return { chain, key, certificate };
}

/** Null where `make` throws; what the libraries say about broken PEM helps nobody. */
function attempt<T>(make: () => T): T | null {
	try {
		return make();
	} catch {
		return null;
	}
}

async function readText(file: string): Promise<string | { readonly problem: string }> {
	try {
		return await readFile(file, "utf8");
	} catch (error) {
		return { problem: `${file} cannot be read (${error instanceof Error && "code" in error ? String(error.code) : String(error)})` };
	}
}
