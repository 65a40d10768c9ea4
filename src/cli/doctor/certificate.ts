/** How long the gateway's certificate still holds, and whether it can be used at all. */
import { existsSync } from "node:fs";
import { join } from "node:path";

import { loadPair, type PairFiles } from "../../http/tls/certificate-files.ts";
import { defineCheck, fail, ok, type Patient, skipped, warn } from "./check.ts";

const DAY_MS = 86_400_000;
const SOON_DAYS = 21;

export const certificate = defineCheck({
	id: "certificate",
	title: "certificate",
	async examine(patient) {
		const files = filesOf(patient);
		if (files === null) return [skipped("tls is off")];
		if (!existsSync(files.certificate) && patient.config?.gateway.tls.mode !== "files")
			return [skipped("not made yet; up or serve will make it")];
		const now = patient.surroundings.clock();
		const pair = await loadPair(files, now);
		const own = patient.config?.gateway.tls.mode !== "files";
		if (typeof pair === "string") {
			return [
				fail(
					pair,
					own ? "restart rempart: it makes a new one" : "put a valid certificate and its key there; they are read again by themselves",
				),
			];
		}
		const days = Math.floor((pair.certificate.validToDate.getTime() - now) / DAY_MS);
		if (days < SOON_DAYS)
			return [warn(`expires in ${days} days`, own ? "restart rempart: it makes a new one" : "renew it; the new file is read by itself")];
		return [ok(`${own ? "of the local ca" : files.certificate}, holds for ${days} days`)];
	},
});

function filesOf({ config, stateDirectory }: Patient): PairFiles | null {
	const tls = config?.gateway.tls;
	if (tls?.mode === "off") return null;
	if (tls?.mode === "files") return { certificate: tls.certificate, key: tls.key };
	return { certificate: join(stateDirectory, "tls", "server.pem"), key: join(stateDirectory, "tls", "server-key.pem") };
}
