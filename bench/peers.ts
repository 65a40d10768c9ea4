/** Where the programs of the peers are, which versions they have, and what to type where one is missing. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

import { findProgram } from "./machine.ts";
import { portkeyScript } from "./portkey.ts";
import type { TargetName } from "./target.ts";

export const PEER_NAMES = ["nginx", "haproxy", "caddy", "wrk", "portkey", "litellm"] as const;
export type PeerName = (typeof PEER_NAMES)[number];

export interface Peer {
	/** Path of the program; of Portkey the folder that its package is installed in. */
	readonly program: string;
	readonly version: string;
}

/** Those that are here. */
export type Peers = Readonly<Partial<Record<PeerName, Peer>>>;

/** Where else than in the usual place to look; null for nowhere. */
export interface PeerPlaces {
	/** A folder with `node_modules`. */
	readonly portkey: string | null;
	readonly litellm: string | null;
}

/** Exact, because a package that a thief has published is installed by whoever takes the newest. */
export const PORTKEY_MANIFEST = {
	private: true,
	dependencies: { "@portkey-ai/gateway": "1.15.2" },
	// With 1.14.2 and newer ones it answers every stream with 500: Portkey-AI/gateway#1389.
	overrides: { "@hono/node-server": "1.13.8" },
};
export const LITELLM_PACKAGE = "litellm[proxy]==1.106.2";

/** What brings a missing one. */
export const REMEDIES: Readonly<Record<PeerName, string>> = {
	nginx: "apt-get install nginx-light",
	haproxy: "apt-get install haproxy",
	caddy: "apt-get install caddy",
	wrk: "apt-get install wrk",
	portkey: "npm run bench -- --install-peers, or --portkey FOLDER",
	litellm: "npm run bench -- --install-peers, or --litellm PROGRAM",
};

/** Of the peers that `--install-peers` installs: apart from the project, which depends on none of them. */
export function peersFolder(): string {
	return join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "rempart-bench");
}

/** Which program a target is; null for Rempart itself. */
export function peerOf(target: TargetName): PeerName | null {
	return PEER_NAMES.find((peer) => target === peer || target.startsWith(`${peer}-`)) ?? null;
}

export function findPeers(places: PeerPlaces): Peers {
	const peers: Partial<Record<PeerName, Peer>> = {};
	for (const name of ["nginx", "haproxy", "caddy", "wrk"] as const) {
		const program = findProgram(name);
		if (program !== null) peers[name] = { program, version: versionSaidBy(name, program) };
	}
	const portkey = places.portkey ?? join(peersFolder(), "portkey");
	if (existsSync(portkeyScript(portkey))) peers.portkey = { program: portkey, version: portkeyVersion(portkey) };
	const litellm = places.litellm ?? join(peersFolder(), "litellm", "bin", "litellm");
	if (existsSync(litellm)) peers.litellm = { program: litellm, version: litellmVersion(litellm) };
	return peers;
}

/** Each says it in another way, and nginx on standard error. */
const VERSION_ARGS = { nginx: "-v", haproxy: "-v", caddy: "version", wrk: "-v" } as const;

function versionSaidBy(name: keyof typeof VERSION_ARGS, program: string): string {
	const { stdout, stderr } = spawnSync(program, [VERSION_ARGS[name]], { encoding: "utf8", timeout: 5_000 });
	return versionIn(`${stdout}${stderr}`);
}

/** The first word with a digit, a point and a digit. */
export function versionIn(text: string): string {
	return /\bv?(\d+\.\d[\w.+~-]*)/.exec(text)?.[1] ?? "unknown";
}

function portkeyVersion(folder: string): string {
	return versionIn(
		readFileSync(join(folder, "node_modules", "@portkey-ai", "gateway", "package.json"), "utf8").match(/"version":.*/)?.[0] ?? "",
	);
}

/** `litellm --version` asks the network first; its interpreter knows as well. */
function litellmVersion(program: string): string {
	const script = "import importlib.metadata; print(importlib.metadata.version('litellm'))";
	const { stdout } = spawnSync(join(dirname(program), "python"), ["-c", script], { encoding: "utf8", timeout: 20_000 });
	return versionIn(stdout ?? "");
}
