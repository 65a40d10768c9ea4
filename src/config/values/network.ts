/** An address or a network in CIDR notation. */
import { type IpNetwork, readIpNetwork } from "../../std/ip-network.ts";
import { described, type Reading } from "./mistake.ts";
import { textValue } from "./text-value.ts";

const HINT = "write an address or a network: 127.0.0.1, 10.0.0.0/8, 2001:db8::/32";

export function network() {
	return textValue<IpNetwork>({ title: "network", noun: "an address or a network", hint: HINT, read: readNetwork });
}

function readNetwork(text: string): Reading<IpNetwork> {
	const value = readIpNetwork(text);
	if (value !== undefined) return { value };
	return { message: `${described(text)} is not an address or a network`, hint: HINT };
}
