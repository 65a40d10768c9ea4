/**
 * Finds the way to administer: the server elsewhere that is named, else the socket where a server answers on it, else the store.
 *
 * The answer of the socket decides, not the presence of its file: a crash leaves the file, and a server may be just starting.
 */
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";

import type { Config } from "../config/config.ts";
import { HintedError } from "../std/hinted-error.ts";
import type { Administration } from "./administration.ts";
import { SocketAdministration } from "./socket-administration.ts";
import { SocketClient } from "./socket-client.ts";
import { stateDirectoryOf } from "./state.ts";
import type { GlobalOptions, Surroundings } from "./surroundings.ts";

/** The server's name for it; not imported from there, because that would load the whole server to list keys. */
const SOCKET_NAME = "admin.sock";

export interface OpenOptions {
	/** Whether a state that is not there may be made: for creating a key before the first start, and for nothing else. */
	readonly create: boolean;
}

export async function openAdministration(
	options: GlobalOptions,
	surroundings: Surroundings,
	{ create }: OpenOptions,
): Promise<Administration> {
	if (options.admin !== undefined) {
		const { remoteReach } = await import("./remote/reach.ts");
		return new SocketAdministration(new SocketClient(await remoteReach(options.admin, surroundings)));
	}
	const socket = await serverSocket(options, surroundings);
	if (socket !== null) return new SocketAdministration(new SocketClient(socket));
	const stateDirectory = stateDirectoryOf(options, surroundings);
	if (!create && !existsSync(stateDirectory)) {
		throw new HintedError(`there is no state in ${stateDirectory}`, "start with: rempart up; or name the directory with --state");
	}
	const { StoreAdministration } = await import("./store-administration.ts");
	return await StoreAdministration.open({
		stateDirectory,
		clock: surroundings.clock,
		readConfig: () => configOf(options, surroundings),
	});
}

/** The socket of the server that runs on this state, or null where none does. */
export async function serverSocket(options: GlobalOptions, surroundings: Surroundings): Promise<string | null> {
	const socket = join(stateDirectoryOf(options, surroundings), SOCKET_NAME);
	return (await answers(socket)) ? socket : null;
}

/** Throws a HintedError where the configuration is not sound. */
export async function configOf(options: GlobalOptions, surroundings: Surroundings): Promise<Config> {
	const { readConfiguration } = await import("./configuration.ts");
	const { loading, file } = await readConfiguration(options, surroundings);
	if ("config" in loading) return loading.config;
	throw new HintedError(
		`the configuration ${file ?? ""} is wrong in ${loading.problems.length} places`,
		"see them with: rempart config check",
	);
}

/** Throws a HintedError where the socket is there but not for this user. */
async function answers(socket: string): Promise<boolean> {
	const outcome = await new Promise<string>((resolve) => {
		const connection = connect(socket);
		connection.once("connect", () => {
			connection.destroy();
			resolve("answers");
		});
		connection.once("error", (error) => resolve("code" in error ? String(error.code) : error.message));
	});
	if (outcome === "EACCES" || outcome === "EPERM") {
		throw new HintedError(
			`the admin socket ${socket} belongs to another user`,
			"run this as the user that the server runs as, for example: sudo -u rempart rempart …",
		);
	}
	return outcome === "answers";
}
