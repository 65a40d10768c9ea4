/** A network in CIDR notation, or one address: `10.0.0.0/8`, `2001:db8::/32`, `127.0.0.1`. */
import { readIpAddress } from "./ip-address.ts";

export interface IpNetwork {
	/** Canonical; the prefix length is left out where it is one address. */
	readonly text: string;
	/** Its first address; see `addressBits`. */
	readonly first: bigint;
	/** How many of 128 leading bits its addresses share. */
	readonly prefix: number;
	/** Takes any spelling of an address; false for what is not one. */
	contains(address: string): boolean;
	/** As text: settings are compared and shown as JSON, which has no integers of this size. */
	toJSON(): string;
}

const FORM = /^([0-9A-Fa-f:.]{2,45})(?:\/(0|[1-9]\d{0,2}))?$/;

/** Undefined where the text is no network, or has bits set behind its prefix: whoever writes 10.1.2.3/8 may mean either. */
export function readIpNetwork(text: string): IpNetwork | undefined {
	const [, written = "", length] = FORM.exec(text) ?? [];
	const address = readIpAddress(written);
	const bits = addressBits(written);
	if (address === undefined || bits === undefined) return undefined;
	const whole = address.version === 4 ? 32 : 128;
	const prefix = length === undefined ? whole : Number(length);
	if (prefix > whole) return undefined;
	const free = BigInt(whole - prefix);
	if ((bits >> free) << free !== bits) return undefined;
	const canonical = prefix === whole ? address.text : `${address.text}/${prefix}`;
	return {
		text: canonical,
		toJSON: () => canonical,
		first: bits,
		prefix: ADDRESS_BITS - whole + prefix,
		contains: (other) => {
			const value = addressBits(other);
			return value !== undefined && value >> free === bits >> free;
		},
	};
}

export const ADDRESS_BITS = 128;
const MAPPED = 0xffff_0000_0000n;

/** One space for both families: IPv4 lies at ::ffff:0:0/96, where a dual-stack socket shows it. Undefined for what is no address. */
export function addressBits(text: string): bigint | undefined {
	const address = readIpAddress(text);
	if (address === undefined) return undefined;
	if (address.version === 4) return MAPPED | address.text.split(".").reduce((bits, octet) => (bits << 8n) | BigInt(octet), 0n);
	const [head = "", tail = ""] = address.text.split("::");
	const groups = (part: string): readonly string[] => (part === "" ? [] : part.split(":"));
	const left = groups(head);
	const right = groups(tail);
	const zeros = Array.from({ length: 8 - left.length - right.length }, () => "0");
	return [...left, ...zeros, ...right].reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}
