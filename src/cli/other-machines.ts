/** How other machines reach a listener that is not on loopback only. */
import { networkInterfaces } from "node:os";

import type { ListenAddress } from "../config/values/listen.ts";

/** Null where none can, or no address is known. `gateway` is the URL for this machine. */
export function otherMachinesUrl(gateway: string, listen: Pick<ListenAddress, "host" | "loopback" | "unspecified">): string | null {
	if (listen.loopback) return null;
	const host = listen.unspecified ? firstAddress() : listen.host;
	if (host === null) return null;
	const { protocol, port } = new URL(gateway);
	return `${protocol}//${host.includes(":") ? `[${host}]` : host}${port === "" ? "" : `:${port}`}`;
}

/** IPv4 before IPv6: it is what people can type. */
function firstAddress(): string | null {
	const addresses = Object.values(networkInterfaces())
		.flatMap((interfaces) => interfaces ?? [])
		.filter(({ internal, address }) => !internal && !/^fe[89ab]/i.test(address));
	return (addresses.find(({ family }) => family === "IPv4") ?? addresses[0])?.address ?? null;
}
