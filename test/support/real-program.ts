/**
 * The programs that users have, for tests that run the real ones: found on this machine, or installed from Debian where that can be done.
 *
 * Only as root, only where `apt-get` is, never where `REMPART_TEST_INSTALL=no` says so; nothing that is installed is started.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { join } from "node:path";

export interface RealProgram {
	readonly name: string;
	/** Debian's package; null where Debian has none. */
	readonly package: string | null;
	/** Where to get it otherwise. */
	readonly origin: string;
}

export const NGINX: RealProgram = { name: "nginx", package: "nginx-light", origin: "https://nginx.org" };
export const CADDY: RealProgram = { name: "caddy", package: "caddy", origin: "https://caddyserver.com" };
export const HAPROXY: RealProgram = { name: "haproxy", package: "haproxy", origin: "https://www.haproxy.org" };
export const TRAEFIK: RealProgram = { name: "traefik", package: null, origin: "https://traefik.io" };
export const ENVOY: RealProgram = { name: "envoy", package: null, origin: "https://www.envoyproxy.io" };

/** The program's path, or the sentence that says what to install. */
export function findProgram(program: RealProgram): { readonly path: string } | { readonly absent: string } {
	const path = locate(program.name) ?? (mayInstall(program) ? install(program) : undefined);
	if (path !== undefined) return { path };
	const how = program.package === null ? `install it from ${program.origin}` : `apt-get install ${program.package}`;
	return { absent: `${program.name} is not on this machine: ${how}` };
}

function locate(name: string): string | undefined {
	const folders = [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin", "/usr/local/sbin"];
	return folders.map((folder) => join(folder, name)).find(isProgram);
}

function isProgram(path: string): boolean {
	try {
		accessSync(path, constants.X_OK);
		return true;
	} catch {
		return false;
	}
}

function mayInstall(program: RealProgram): boolean {
	return (
		program.package !== null && process.getuid?.() === 0 && process.env["REMPART_TEST_INSTALL"] !== "no" && locate("apt-get") !== undefined
	);
}

/** Several test files may come here at once: apt waits for its lock. In runlevel 1 Debian's scripts start no service. */
function install(program: RealProgram): string | undefined {
	const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
	const options = ["-q", "-y", "-o", "DPkg::Lock::Timeout=120", "-o", "APT::Lock::Timeout=120"];
	const words = ["install", "--no-install-recommends", program.package ?? ""];
	if (run([...options, ...words]) || (run([...options, "update"]) && run([...options, ...words]))) return locate(program.name);
	return undefined;

	function run(args: readonly string[]): boolean {
		return spawnSync("apt-get", args, { env, stdio: "ignore" }).status === 0;
	}
}
