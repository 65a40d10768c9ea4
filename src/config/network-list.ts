/**
 * A file of networks: one a line, `#` begins a comment.
 *
 * One mistaken line spoils the file: a network that was meant to be denied must not be left out in silence. For the same reason a file that names none is a
 * mistake, since an empty list of allowed networks allows all.
 */
import { type IpNetwork, readIpNetwork } from "../std/ip-network.ts";
import { described } from "./values/mistake.ts";

/** What a list may hold that is too long for the configuration itself. */
export const MOST_LISTED = 200_000;

export type NetworkList = { readonly networks: readonly IpNetwork[] } | { readonly mistake: string };

export function readNetworkList(text: string): NetworkList {
	const networks: IpNetwork[] = [];
	for (const [at, line] of text.split("\n").entries()) {
		const written = (line.split("#", 1)[0] ?? "").trim();
		if (written === "") continue;
		const network = readIpNetwork(written);
		if (network === undefined) return { mistake: `line ${at + 1}: ${described(written)} is not an address or a network` };
		if (networks.length >= MOST_LISTED) return { mistake: `line ${at + 1}: more than ${MOST_LISTED} networks` };
		networks.push(network);
	}
	return networks.length === 0 ? { mistake: "it names no network" } : { networks };
}
