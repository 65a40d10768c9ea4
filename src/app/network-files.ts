/**
 * Lists of networks that stand in files of their own: read whenever the configuration is, so that a reload takes them over, and refused with it.
 *
 * Rejects with a HintedError where a file cannot be read or is mistaken; whatever was in force stays so.
 */
import { readFile, stat } from "node:fs/promises";

import type { Config } from "../config/config.ts";
import { readNetworkList } from "../config/network-list.ts";
import type { NetworksConfig } from "../config/networks.ts";
import { HintedError } from "../std/hinted-error.ts";
import type { IpNetwork } from "../std/ip-network.ts";

const MOST_BYTES = 16 * 1024 * 1024;

/** The configuration with what its files list. */
export async function withNetworkFiles(config: Config): Promise<Config> {
	const networks = await completed(config.gateway.networks, "gateway.networks");
	const roles = await Promise.all(
		Object.entries(config.policy.roles).map(
			async ([name, role]) => [name, { ...role, networks: await completed(role.networks, `roles.${name}.networks`) }] as const,
		),
	);
	return { ...config, policy: { ...config.policy, networks, roles: Object.fromEntries(roles) } };
}

async function completed(lists: NetworksConfig, setting: string): Promise<NetworksConfig> {
	if (lists.allowFile === null && lists.denyFile === null) return lists;
	const [allow, deny] = await Promise.all([
		listIn(lists.allowFile, `${setting}.allow_file`),
		listIn(lists.denyFile, `${setting}.deny_file`),
	]);
	return { ...lists, allow: [...lists.allow, ...allow], deny: [...lists.deny, ...deny] };
}

async function listIn(file: string | null, setting: string): Promise<readonly IpNetwork[]> {
	if (file === null) return [];
	const read = readNetworkList(await textOf(file, setting));
	if ("mistake" in read) throw new HintedError(`${setting}: ${file}: ${read.mistake}`, "write one network a line: 10.0.0.0/8");
	return read.networks;
}

async function textOf(file: string, setting: string): Promise<string> {
	try {
		if ((await stat(file)).size > MOST_BYTES) throw new Error("it is larger than 16 MiB");
		return await readFile(file, "utf8");
	} catch (error) {
		const why = error instanceof Error ? error.message : String(error);
		throw new HintedError(`${setting}: ${file} cannot be read: ${why}`, "name a file that the server's user may read");
	}
}
