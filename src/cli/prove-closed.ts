/**
 * Proves that the door is closed: a request of our own without a credential is refused, or its connection is closed because this very address may not come
 * in. Any other answer means that the gateway does not do what it exists for.
 */
import { withNetworkFiles } from "../app/network-files.ts";
import type { Config } from "../config/config.ts";
import { IpNetworkSet } from "../std/ip-network-set.ts";
import { NetworkRule } from "../std/network-rule.ts";
import { knock } from "./door.ts";
import type { Proof } from "./up-report.ts";

export interface ProvedGateway {
	/** Its URL. */
	readonly gateway: string;
	/** The local CA's file, or null. */
	readonly ca: string | null;
	/** In force there; null where it is not known. */
	readonly config: Config | null;
}

export async function proveClosed({ gateway, ca, config }: ProvedGateway): Promise<Proof> {
	const answer = await knock(gateway, { ca, saysWhose: saysWhoseBy(config) }).catch((error: unknown) => ({
		kind: "unreachable" as const,
		why: error instanceof Error ? error.message : String(error),
	}));
	if (answer.kind === "answered") {
		if (answer.status === 401) return { level: "ok", text: "a request without a key was refused (401)", next: null };
		return {
			level: "fail",
			text: `a request without a key was answered with ${answer.status} and not refused`,
			next: "stop the gateway: this is a bug of rempart; please report it",
		};
	}
	if (answer.kind === "closed" && config !== null && !(await admits(config, answer.from))) {
		return { level: "ok", text: `a connection from ${answer.from} was closed unread: gateway.networks does not let it in`, next: null };
	}
	return {
		level: "fail",
		text: `the gateway could not be reached from here: ${answer.why}`,
		next: "see what it says (rempart events), and whether another program answers at that address (ss -ltnp)",
	};
}

function saysWhoseBy(config: Config | null): (address: string) => boolean {
	if (config === null || !config.gateway.proxyProtocol) return () => false;
	const proxies = new IpNetworkSet(config.gateway.trustedProxies);
	return (address) => proxies.contains(address);
}

/** A list that cannot be read is looked at elsewhere; here it explains nothing. */
async function admits(config: Config, address: string): Promise<boolean> {
	const complete = await withNetworkFiles(config).catch(() => config);
	return new NetworkRule(complete.policy.networks).permits(address);
}
