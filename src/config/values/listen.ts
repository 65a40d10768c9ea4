/** The address and port that a listener binds: "0.0.0.0:11435", "[::]:11435"; port 0 lets the system choose one. */
import { readIpAddress } from "../../std/ip-address.ts";
import { described, type Mistake, type Reading } from "./mistake.ts";
import { textValue } from "./text-value.ts";

export interface ListenAddress {
	/** IP address without brackets. */
	readonly host: string;
	readonly port: number;
	/** Whether only programs on this machine can connect. */
	readonly loopback: boolean;
	/** Every address of the machine. */
	readonly unspecified: boolean;
	/** As written in its canonical form, brackets included. */
	readonly text: string;
}

const FORM = /^(?:\[([^[\]]*)\]|([^:[\]]*)):(\d{1,5})$/;
const HINT = 'write an IP address and a port: 0.0.0.0:11435, 127.0.0.1:11435 or, in quotes, "[::]:11435"';

export function listen() {
	return textValue<ListenAddress>({
		title: "listen address",
		noun: "an address and port",
		hint: HINT,
		pattern: "^(\\[[0-9A-Fa-f:.]+\\]|[0-9.]+):[0-9]{1,5}$",
		read: readListenAddress,
	});
}

export function readListenAddress(text: string): Reading<ListenAddress> {
	const [, bracketed, bare, digits] = FORM.exec(text) ?? [];
	const address = readIpAddress(bracketed ?? bare ?? "");
	const port = Number(digits ?? Number.NaN);
	if (address === undefined || address.version !== (bracketed === undefined ? 4 : 6) || Number.isNaN(port)) return malformed(text);
	if (port > 65_535) return { message: `${port} is not a port`, hint: "write a port from 1 to 65535, or 0 to let the system choose" };
	const host = address.text;
	const { loopback, unspecified } = address;
	return { value: { host, port, loopback, unspecified, text: `${bracketed === undefined ? host : `[${host}]`}:${port}` } };
}

function malformed(text: string): Mistake {
	const message = `${described(text)} is not an address and port`;
	const [, host = "", port = ""] = /^(.*?):?(\d{1,5})$/.exec(text) ?? [];
	if (/^localhost$/i.test(host)) return { message, hint: `names are not looked up; write 127.0.0.1:${port}` };
	if (/^\d{1,5}$/.test(text) || (host === "" && port !== "") || host === "*")
		return { message, hint: `name the address too: 0.0.0.0:${port} for every one` };
	const address = readIpAddress(text);
	if (address?.version === 4) return { message, hint: `add the port: ${text}:11435` };
	if (address?.version === 6) return { message, hint: `put the address in brackets, add the port and quote it: "[${address.text}]:11435"` };
	return { message, hint: HINT };
}
