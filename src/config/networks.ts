/** From where somebody may come: the same two lists for the whole door and for a role. */
import { network } from "./values/network.ts";
import { listOf } from "./values/plain.ts";
import { section } from "./values/section.ts";

const MOST = 10_000;

export const networksSection = section({
	allow: listOf(network(), { max: MOST })
		.prefault([])
		.meta({
			description: "Addresses and networks, IPv4 and IPv6, from which callers may come. An empty list allows all.",
			example: ["10.0.0.0/8", "2001:db8::/32"],
		}),
	deny: listOf(network(), { max: MOST })
		.prefault([])
		.meta({
			description: "Addresses and networks from which callers may not come, whatever allow says.",
			example: ["10.9.0.0/16"],
		}),
});
