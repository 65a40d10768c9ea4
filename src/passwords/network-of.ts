/**
 * What counts as one network: an IPv4 address, or the first 56 bits of an IPv6 address: who is given addresses is mostly given as
 * many as that, and could otherwise be 256 strangers.
 *
 * An IPv4 address in IPv6 clothes is that IPv4 address. Text that is no address is its own network: it is then at least counted with itself.
 */
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

export function networkOf(address: string): string {
	if (!address.includes(":")) return address;
	const mapped = MAPPED.exec(address)?.[1];
	if (mapped !== undefined) return mapped;
	const [bare = ""] = address.split("%");
	const [head = "", tail] = bare.toLowerCase().split("::");
	const front = head === "" ? [] : head.split(":");
	const back = tail === undefined || tail === "" ? [] : tail.split(":");
	const zeros = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
	const groups = [...front, ...Array.from({ length: zeros }, () => "0"), ...back];
	const [first = "0", second = "0", third = "0", fourth = "0"] = groups.map((group) => Number.parseInt(group, 16).toString(16));
	return `${first}:${second}:${third}:${fourth.padStart(4, "0").slice(0, 2)}00::/56`;
}
