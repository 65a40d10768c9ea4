/**
 * Where administration listens: a Unix socket with all rights, and a loopback port with probes and metrics.
 *
 *  - The socket is made with mode 0600, in a directory of mode 0700: whoever can open it owns the state and could read the keys' file anyway.
 *  - A socket that another server answers on is left alone and is an error; one that nobody answers on is what a crash left, and is replaced.
 *  - Both servers are strict and small: short time limits, few connections, small heads, no lenient parsing, no pipelined flood.
 */
import { chmod, lstat, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerOptions } from "node:http";
import { connect } from "node:net";

import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";

import { HintedError } from "../std/hinted-error.ts";

export interface AdminListener {
	/** `http://127.0.0.1:11436`, or the socket's path. */
	readonly address: string;
	/** Takes nothing new, ends what is being followed, and resolves when all is closed. */
	close(): Promise<void>;
}

/** Linux' bound for the path of a Unix socket (`sun_path`, with the final zero byte); other systems have 104. */
const SOCKET_PATH_BYTES_MAX = 103;
/** How long an answer that was being written may go on when the listener closes. */
const CLOSE_GRACE_MS = 1000;

const STRICT: ServerOptions = {
	headersTimeout: 10_000,
	requestTimeout: 30_000,
	keepAliveTimeout: 5_000,
	connectionsCheckingInterval: 1_000,
	maxHeaderSize: 16 * 1024,
	requireHostHeader: true,
	insecureHTTPParser: false,
	rejectNonStandardBodyWrites: true,
};

/** The admin API on a Unix socket. `app` is what `createAdminApi` makes. */
export async function listenOnSocket(app: Hono, path: string): Promise<AdminListener> {
	if (Buffer.byteLength(path) > SOCKET_PATH_BYTES_MAX) {
		throw new HintedError(
			`the path of the admin socket is too long for this system: ${path}`,
			"choose a shorter state directory with --state",
		);
	}
	await clearStale(path);
	const server = strictServer(app);
	// The bind happens inside `listen`, so this mask holds for the socket and for nothing else of this thread.
	const mask = process.umask(0o177);
	try {
		await listening(server, () => server.listen(path), path);
	} finally {
		process.umask(mask);
	}
	await chmod(path, 0o600);
	return { address: path, close: () => closed(server) };
}

/** The probes on TCP. `app` is what `createProbeApp` makes. Port 0 lets the system choose one. */
export async function listenOnTcp(app: Hono, { host, port }: { readonly host: string; readonly port: number }): Promise<AdminListener> {
	const server = strictServer(app);
	await listening(server, () => server.listen({ host, port }), `${host}:${port}`);
	const address = server.address();
	const bound = address !== null && typeof address !== "string" ? address.port : port;
	return { address: `http://${host.includes(":") ? `[${host}]` : host}:${bound}`, close: () => closed(server) };
}

function strictServer(app: Hono): Server {
	const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
	// The listener answers by itself, errors included; what it returns tells only when.
	const server = createServer(STRICT, (request, response) => {
		if (namesOneHost(request)) void listener(request, response);
		else response.writeHead(400, { connection: "close" }).end();
	});
	server.maxConnections = 64;
	server.maxHeadersCount = 64;
	server.maxRequestsPerSocket = 1000;
	return server;
}

/** RFC 9112 §3.2 wants a second Host refused, even an equal one; Node keeps the first and says nothing, and a proxy before us may keep the other. */
function namesOneHost({ rawHeaders }: IncomingMessage): boolean {
	return rawHeaders.filter((text, at) => at % 2 === 0 && text.toLowerCase() === "host").length === 1;
}

async function listening(server: Server, listen: () => void, where: string): Promise<void> {
	await new Promise<void>((resolve, reject) => {
		server.once("error", (cause) =>
			reject(
				new HintedError(`cannot listen on ${where}: ${cause.message}`, "stop what uses it, or choose another with --admin", { cause }),
			),
		);
		server.once("listening", resolve);
		listen();
	});
	server.removeAllListeners("error");
	// An error of accepting (EMFILE) must not end the process; the connection is lost, the server stands.
	server.on("error", () => undefined);
}

async function closed(server: Server): Promise<void> {
	const done = new Promise<void>((resolve) => server.close(() => resolve()));
	server.closeIdleConnections();
	const timer = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
	await done;
	clearTimeout(timer);
}

async function clearStale(path: string): Promise<void> {
	const answer = await new Promise<string>((resolve) => {
		const socket = connect(path);
		socket.once("connect", () => {
			socket.destroy();
			resolve("answers");
		});
		socket.once("error", (error) => resolve("code" in error ? String(error.code) : error.message));
	});
	if (answer === "answers") {
		throw new HintedError(`another Rempart already serves ${path}`, "stop it, or choose another state directory with --state");
	}
	// A socket that nobody listens on. A file that is no socket refuses connections too, but is not ours to delete: listening on it fails and says so.
	if (answer === "ECONNREFUSED" && (await lstat(path)).isSocket()) await rm(path, { force: true });
}
