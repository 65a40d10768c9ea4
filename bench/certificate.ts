/** One certificate for all proxies of a run, so that the handshakes and records of each cost the same arithmetic. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { issueAuthority, issueServer } from "../src/http/tls/issue.ts";

export interface CertificateFiles {
	readonly authority: string;
	readonly certificate: string;
	readonly key: string;
}

export async function makeCertificate(folder: string): Promise<CertificateFiles> {
	const files = { authority: join(folder, "ca.pem"), certificate: join(folder, "server.pem"), key: join(folder, "server-key.pem") };
	const authority = await issueAuthority("bench", Date.now());
	const server = await issueServer(authority, ["localhost", "127.0.0.1"], "bench", Date.now());
	writeFileSync(files.authority, authority.certificate);
	writeFileSync(files.certificate, server.certificate + authority.certificate);
	writeFileSync(files.key, server.key, { mode: 0o600 });
	return files;
}
