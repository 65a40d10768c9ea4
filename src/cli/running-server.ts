import { HintedError } from "../std/hinted-error.ts";
import { serverSocket } from "./open-administration.ts";
import { SocketClient } from "./socket-client.ts";
import type { GlobalOptions, Surroundings } from "./surroundings.ts";

/** For what is in a running server and nowhere else. Throws a HintedError where none runs; `so` says what follows from that. */
export async function runningServer(options: GlobalOptions, surroundings: Surroundings, so: string): Promise<SocketClient> {
	if (options.admin !== undefined) {
		const { remoteReach } = await import("./remote/reach.ts");
		return new SocketClient(await remoteReach(options.admin, surroundings));
	}
	const socket = await serverSocket(options, surroundings);
	if (socket !== null) return new SocketClient(socket);
	throw new HintedError(`no server runs on this state, so ${so}`, "name the server with --admin, or its state with --state");
}
