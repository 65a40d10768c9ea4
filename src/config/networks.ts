/** From where somebody may come: the same two lists for the whole door and for a role, written here or in files of their own. */
import type * as z from "zod";

import { filePath } from "./values/file-path.ts";
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
	allow_file: filePath().optional().meta({
		description:
			"File with further networks of allow, one a line; # begins a comment. Read again with every reload, and refused whole where a line is none.",
		example: "/etc/rempart/allowed-networks",
	}),
	deny_file: filePath().optional().meta({
		description: "File with further networks of deny, as allow_file.",
		example: "/etc/rempart/denied-networks",
	}),
}).transform(({ allow, deny, allow_file, deny_file }) => ({ allow, deny, allowFile: allow_file ?? null, denyFile: deny_file ?? null }));

export type NetworksConfig = Readonly<z.output<typeof networksSection>>;
