/** Runs the checks one after another; one that throws is a failed one. */
import type { ServerStatus } from "../../admin/admin-deps.ts";
import { HintedError } from "../../std/hinted-error.ts";
import { readConfiguration } from "../configuration.ts";
import { serverSocket } from "../open-administration.ts";
import { SocketClient } from "../socket-client.ts";
import { stateDirectoryOf } from "../state.ts";
import type { GlobalOptions, ListenOptions, Surroundings } from "../surroundings.ts";
import { type Check, type Finding, fail, type Patient } from "./check.ts";

export interface Examined extends Finding {
	readonly check: string;
}

export async function examine(checks: readonly Check[], patient: Patient): Promise<readonly Examined[]> {
	const all: Examined[] = [];
	for (const check of checks) {
		const findings = await findingsOf(check, patient);
		all.push(...findings.map((finding) => ({ check: check.id, ...finding })));
	}
	return all;
}

async function findingsOf(check: Check, patient: Patient): Promise<readonly Finding[]> {
	try {
		return await check.examine(patient);
	} catch (error) {
		if (error instanceof HintedError) return [fail(error.message, error.hint)];
		return [
			fail(`could not be examined: ${error instanceof Error ? error.message : String(error)}`, "run this as the user that rempart runs as"),
		];
	}
}

export async function patientOf(options: GlobalOptions & ListenOptions, surroundings: Surroundings): Promise<Patient> {
	const socket = await serverSocket(options, surroundings);
	const server = socket === null ? null : await new SocketClient(socket).get<ServerStatus>("/v1/status");
	// The file that the running server was told of, unless another is asked about.
	const config = options.config ?? server?.configFile ?? undefined;
	const { file, loading } = await readConfiguration({ ...options, config }, surroundings);
	return {
		surroundings,
		stateDirectory: stateDirectoryOf(options, surroundings),
		configFile: file,
		config: "config" in loading ? loading.config : null,
		configProblems: "problems" in loading ? loading.problems : [],
		configDigest: "digest" in loading ? loading.digest : null,
		server,
	};
}
