/** Starts the proxies that were chosen, and says of those that cannot be started what to install. */
import { startCaddy } from "./caddy.ts";
import { startHaproxy } from "./haproxy.ts";
import { startLitellm } from "./litellm.ts";
import { startNginx } from "./nginx.ts";
import { type PeerName, type Peers, peerOf, REMEDIES } from "./peers.ts";
import { startPortkey } from "./portkey.ts";
import { startRempart } from "./rempart.ts";
import type { Surroundings, Target, TargetName } from "./target.ts";

export interface Wanted {
	readonly root: string;
	readonly targets: readonly TargetName[];
	readonly peers: Peers;
	/** Where Rempart's profile goes; null for none. */
	readonly profileFolder: string | null;
	readonly note: (text: string) => void;
}

/** Throws where nothing is left to measure, or where one that is installed does not start. */
export async function startTargets(wanted: Wanted, surroundings: Surroundings): Promise<readonly Target[]> {
	const missing = new Set<PeerName>();
	const targets: Target[] = [];
	for (const name of wanted.targets) {
		const peer = peerOf(name);
		const program = peer === null ? null : wanted.peers[peer]?.program;
		if (peer !== null && program === undefined) missing.add(peer);
		else targets.push(await start(name, program ?? "", wanted, surroundings));
	}
	for (const peer of missing) wanted.note(`${peer} is missing and left out: ${REMEDIES[peer]}`);
	if (targets.length === 0) throw new Error("there is nothing to measure");
	return targets;
}

function start(name: TargetName, program: string, { root, profileFolder }: Wanted, surroundings: Surroundings): Promise<Target> {
	const nginx = { name, password: "plain", accessLog: false, tls: false } as const;
	switch (name) {
		case "nginx":
			return startNginx(program, { ...nginx, name }, surroundings);
		case "nginx-log":
			return startNginx(program, { ...nginx, name, accessLog: true }, surroundings);
		case "nginx-apr1":
			return startNginx(program, { ...nginx, name, password: "apr1" }, surroundings);
		case "nginx-bcrypt":
			return startNginx(program, { ...nginx, name, password: "bcrypt" }, surroundings);
		case "nginx-tls":
			return startNginx(program, { ...nginx, name, tls: true }, surroundings);
		case "haproxy":
			return startHaproxy(program, surroundings);
		case "caddy":
			return startCaddy(program, surroundings);
		case "portkey":
			return startPortkey(program, surroundings);
		case "litellm":
			return startLitellm(program, surroundings);
		case "rempart":
		case "rempart-tls":
			return startRempart(root, { name, tls: name === "rempart-tls", profileFolder }, surroundings);
	}
}
