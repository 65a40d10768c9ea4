/** How long the gateway's certificate still holds, and whether it can be used at all. */
import { existsSync } from "node:fs";
import { join } from "node:path";

import { loadPair, type PairFiles } from "../../http/tls/certificate-files.ts";
import { defineCheck, type Finding, fail, ok, type Patient, skipped, warn } from "./check.ts";

const DAY_MS = 86_400_000;
const SOON_DAYS = 21;

export const certificate = defineCheck({
	id: "certificate",
	title: "certificate",
	async examine(patient) {
		const { server } = patient;
		if (server !== null)
			return [
				server.certificate === null
					? skipped("tls is off")
					: remaining(server.certificate.expiresAt, server.certificate.ca !== null, patient),
			];
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
		return [remaining(pair.certificate.validToDate.getTime(), own, patient)];
	},
});

function remaining(expiresAt: number, own: boolean, { surroundings }: Patient): Finding {
	const days = Math.floor((expiresAt - surroundings.clock()) / DAY_MS);
	const next = own ? "restart rempart: it makes a new one" : "renew it; the new file is read by itself";
	if (days < 0) return fail(`expired ${-days} days ago`, next);
	if (days < SOON_DAYS) return warn(`expires in ${days} days`, next);
	return ok(`${own ? "of the local ca" : "the operator's own"}, holds for ${days} days`);
}

function filesOf({ config, stateDirectory }: Patient): PairFiles | null {
	const tls = config?.gateway.tls;
	if (tls?.mode === "off") return null;
	if (tls?.mode === "files") return { certificate: tls.certificate, key: tls.key };
	return { certificate: join(stateDirectory, "tls", "server.pem"), key: join(stateDirectory, "tls", "server-key.pem") };
}
