/**
 * A real proxy, started with the configuration that `rempart proxy` prints, before a real Rempart and a scripted Ollama.
 *
 *     await using world = await startRealProxy({ kind: "nginx", arrangement: "beside", program });
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";

import { issueAuthority, issueServer } from "../../src/http/tls/issue.ts";
import { rempart } from "./cli.ts";
import { type FakeRequest, type FakeUpstream, startFakeUpstream } from "./fake-upstream.ts";
import { type Gateway, startGateway } from "./gateway.ts";
import { connectRaw, type RawClient } from "./raw-client.ts";

export type ProxyKind = "nginx" | "traefik" | "caddy" | "haproxy" | "envoy";

export interface RealProxyOptions {
	readonly kind: ProxyKind;
	readonly arrangement: "beside" | "behind";
	/** Path of the program. */
	readonly program: string;
	/** To Rempart over a Unix socket instead of TCP. */
	readonly socket?: boolean;
	/** behind: Rempart with its own TLS. */
	readonly tls?: boolean;
	/** behind: the connections to Rempart begin with the PROXY protocol's header. */
	readonly proxyProtocol?: boolean;
	/** beside: operations that may pass although their body is not shown. */
	readonly unseen?: readonly string[];
	/** Further YAML sections. */
	readonly yaml?: string;
	/** Answers a caller's request at the upstream. */
	readonly script: (request: FakeRequest) => void | Promise<void>;
}

export interface RealProxy extends AsyncDisposable {
	readonly gateway: Gateway;
	readonly upstream: FakeUpstream;
	/** What reached the upstream on behalf of a caller. */
	callers(): readonly FakeRequest[];
	/** Over TLS, as a caller of the proxy. */
	connect(more?: { readonly localAddress?: string }): Promise<RawClient>;
	readonly port: number;
}

export async function startRealProxy(options: RealProxyOptions): Promise<RealProxy> {
	const { kind, arrangement, program, script, tls = false, socket = false, proxyProtocol = false, unseen = [], yaml = "" } = options;
	await using stack = new AsyncDisposableStack();
	const folder = mkdtempSync(join(tmpdir(), "rempart-proxy-"));
	stack.defer(() => rmSync(folder, { recursive: true, force: true }));
	const upstream = await startFakeUpstream((request) => (isOwn(request) ? answerOwn(request) : script(request)));
	stack.defer(() => upstream.close());
	const [gatewayPort, askPort, port] = await Promise.all([freePort(), freePort(), freePort()]);
	const ask = socket ? `socket: "${join(folder, "ask.sock")}"` : `listen: "127.0.0.1:${askPort}", proxies: [127.0.0.1]`;
	const door = socket && arrangement === "behind" ? `, socket: "${join(folder, "gateway.sock")}"` : "";
	const gateway = stack.use(
		await startGateway({
			upstreams: [upstream.url],
			tls,
			yaml:
				`gateway: { listen: "127.0.0.1:${gatewayPort}"${tls ? "" : ", tls: { mode: off }"}, trusted_proxies: [127.0.0.1], proxy_protocol: ${proxyProtocol}${door} }\n` +
				(arrangement === "beside" ? `forward_auth: { ${ask}, insecure_unseen: [${unseen.join(", ")}] }\n` : "") +
				yaml,
		}),
	);
	const ca = await certificates(folder);
	const files = await configurationFiles({ ...options, folder, gateway, port });
	const child = startProgram(program, kind, folder, files);
	stack.defer(() => stop(child));
	await listening({ port, ca, child, folder });
	const kept = stack.move();
	return {
		gateway,
		upstream,
		port,
		callers: () => upstream.requests.filter((request) => !isOwn(request)),
		connect: (more = {}) => connectRaw({ ...more, port, tls: { ca, servername: "localhost", alpn: ["http/1.1"] } }),
		[Symbol.asyncDispose]: () => kept.disposeAsync(),
	};
}

/** Rempart's own questions about health carry nothing but a Host; tests mark theirs. */
function isOwn(request: FakeRequest): boolean {
	return request.headers.length === 1;
}

async function answerOwn(request: FakeRequest): Promise<void> {
	if (request.target === "/api/version") await request.respond(200, '{"version":"0.33.0"}');
	else
		await request.respond(
			200,
			'{"models":[{"name":"door:latest","model":"door:latest"},{"name":"window:latest","model":"window:latest"}]}',
		);
}

async function certificates(folder: string): Promise<string> {
	const authority = await issueAuthority("test", Date.now());
	const server = await issueServer(authority, ["localhost", "127.0.0.1"], "test", Date.now());
	writeFileSync(join(folder, "cert.pem"), server.certificate + authority.certificate);
	writeFileSync(join(folder, "key.pem"), server.key, { mode: 0o600 });
	writeFileSync(join(folder, "both.pem"), server.certificate + authority.certificate + server.key, { mode: 0o600 });
	return authority.certificate;
}

interface Placed extends RealProxyOptions {
	readonly folder: string;
	readonly gateway: Gateway;
	readonly port: number;
}

/** As printed; what has a fixed place in the world (a script, a pid) is put into the test's own folder. */
async function configurationFiles({ kind, arrangement, folder, gateway, port }: Placed): Promise<string> {
	const words = ["--config", gateway.configFile, "--state", gateway.stateDirectory, "proxy", kind, `--${arrangement}`];
	const certificate = join(folder, kind === "haproxy" ? "both.pem" : "cert.pem");
	const more = ["--name", "localhost", "--bind", `127.0.0.1:${port}`, "--cert", certificate, "--key", join(folder, "key.pem")];
	const print = async (...extra: readonly string[]): Promise<string> => {
		const { code, out, err } = await rempart([...words, ...more, ...extra]);
		if (code !== 0) throw new Error(err);
		return out;
	};
	// Envoy tells the kind of a file by its name.
	const file = join(folder, kind === "envoy" ? "printed.yaml" : "printed.conf");
	if (kind !== "haproxy") {
		writeFileSync(file, await print());
		return file;
	}
	// Another user could not enter the test's folder; who is not root cannot become one at all.
	const printed = (await print()).replace(/^\t(?:user|group) haproxy\n/gm, "");
	if (arrangement === "behind") {
		writeFileSync(file, printed);
		return file;
	}
	const script = join(folder, "rempart.lua");
	writeFileSync(script, await print("--lua"));
	writeFileSync(file, printed.replaceAll("/etc/haproxy/rempart.lua", script));
	return file;
}

function startProgram(program: string, kind: ProxyKind, folder: string, file: string): ChildProcess {
	const { args, env = {} } = commandOf(kind, folder, file);
	const child = spawn(program, args, { cwd: folder, env: { ...process.env, HOME: folder, ...env }, stdio: ["ignore", "pipe", "pipe"] });
	const said: Buffer[] = [];
	for (const stream of [child.stdout, child.stderr]) stream?.on("data", (bytes: Buffer) => void said.push(bytes));
	SAID.set(child, said);
	return child;
}

const SAID = new WeakMap<ChildProcess, Buffer[]>();

function commandOf(kind: ProxyKind, folder: string, file: string): { readonly args: string[]; readonly env?: Record<string, string> } {
	switch (kind) {
		case "nginx":
			return { args: ["-p", folder, "-c", nginxMain(folder, file), "-e", join(folder, "error.log")] };
		case "caddy":
			return {
				args: ["run", "--config", file, "--adapter", "caddyfile"],
				env: { CADDY_ADMIN: "off", XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
			};
		case "haproxy":
			return { args: ["-db", "-f", file] };
		case "envoy":
			return { args: ["-c", file, "--use-dynamic-base-id", "--concurrency", "1"] };
		case "traefik": {
			const [flags = ""] = /--providers\.file\.filename=.*\n#\s+.*/.exec(readFileSync(file, "utf8")) ?? [];
			const words = flags
				.replace(/\n#\s+/, " ")
				.replace("/etc/traefik/ollama.yml", `${file}.yml`)
				.split(/\s+/);
			writeFileSync(`${file}.yml`, readFileSync(file));
			return { args: words };
		}
	}
}

/** What Debian's nginx.conf has around conf.d, with everything in the test's own folder. */
function nginxMain(folder: string, file: string): string {
	const main = join(folder, "nginx.conf");
	const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${join(folder, name)};`);
	// A master that runs as root hands its work to a user who may not enter the test's folder.
	const user = process.getuid?.() === 0 ? "user root;\n" : "";
	mkdirSync(join(folder, "logs"), { recursive: true });
	writeFileSync(
		main,
		`daemon off;\n${user}worker_processes 1;\npid ${join(folder, "nginx.pid")};\nevents { worker_connections 256; }\n` +
			`http {\n${temporary.join("\n")}\naccess_log off;\ninclude ${file};\n}\n`,
	);
	return main;
}

async function stop(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	child.kill("SIGTERM");
	const late = setTimeout(() => child.kill("SIGKILL"), 3_000);
	await once(child, "exit");
	clearTimeout(late);
}

/** Traefik listens before it has read what it is to serve, and shows a certificate of its own until then. */
async function listening({ port, ca, child, folder }: Awaited): Promise<void> {
	while (!(await greets(port, ca))) {
		if (child.exitCode !== null || child.signalCode !== null) {
			const said = Buffer.concat(SAID.get(child) ?? []).toString("utf8");
			throw new Error(`the proxy ended at once: ${said}\n${logOf(folder)}`);
		}
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}

function logOf(folder: string): string {
	try {
		return readFileSync(join(folder, "error.log"), "utf8");
	} catch {
		return "";
	}
}

interface Awaited {
	readonly port: number;
	readonly ca: string;
	readonly child: ChildProcess;
	readonly folder: string;
}

function greets(port: number, ca: string): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connectTls({ port, host: "127.0.0.1", ca, servername: "localhost" }, () => {
			socket.destroy();
			resolve(true);
		});
		socket.once("error", () => resolve(false));
	});
}

/** These programs cannot be told to choose a port and to say which. */
async function freePort(): Promise<number> {
	const server = net.createServer();
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const address = server.address();
	server.close();
	await once(server, "close");
	if (address === null || typeof address === "string") throw new Error("no port");
	return address.port;
}
