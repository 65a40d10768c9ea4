/**
 * Which country an address is in, by a table that the operator brings: `first,last,country` a line, as DB-IP's and other free country lists have it.
 *
 *  - Built line by line, so that whoever reads the file can let others work in between; sorted once, looked up by halving.
 *  - IPv6 counts by its first 64 bits. Lines are in any order; what overlaps is answered by the one that begins last.
 *  - A line that is not one is counted and passed over: such lists are made by others, and a sign needs no perfect list.
 */
const LINE = /^"?([0-9A-Fa-f.:]{2,45})"?\s*,\s*"?([0-9A-Fa-f.:]{2,45})"?\s*,\s*"?([A-Za-z]{2})"?\s*(?:,|$)/;
const V4 = /^(?:::ffff:)?(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/i;
const NOWHERE = new Set(["ZZ", "XX"]);

interface Range {
	readonly first: bigint;
	readonly last: bigint;
	readonly country: string;
}

export class CountryTable {
	readonly #v4: Ranges;
	readonly #v6: Ranges;

	constructor(v4: readonly Range[], v6: readonly Range[]) {
		this.#v4 = new Ranges(v4);
		this.#v6 = new Ranges(v6);
	}

	get size(): number {
		return this.#v4.size + this.#v6.size;
	}

	/** Two capital letters; null where the table does not say. */
	countryOf(address: string): string | null {
		const v4 = readV4(address);
		if (v4 !== null) return this.#v4.find(v4);
		const v6 = readV6(address);
		return v6 === null ? null : this.#v6.find(v6);
	}
}

export class CountryTableBuilder {
	readonly #v4: Range[] = [];
	readonly #v6: Range[] = [];
	/** Lines that are none. */
	skipped = 0;

	/** Without its line end. Empty lines and comments are neither taken nor counted. */
	take(line: string): void {
		if (line === "" || line.startsWith("#")) return;
		const [, from = "", to = "", code = ""] = LINE.exec(line) ?? [];
		const country = code.toUpperCase();
		const v4 = rangeOf(readV4(from), readV4(to), country);
		const v6 = v4 === null ? rangeOf(readV6(from), readV6(to), country) : null;
		if (v4 !== null) this.#v4.push(v4);
		else if (v6 !== null) this.#v6.push(v6);
		else this.skipped += 1;
	}

	build(): CountryTable {
		return new CountryTable(this.#v4, this.#v6);
	}
}

/** Three flat arrays: a list of half a million ranges takes some megabytes. */
class Ranges {
	readonly #first: BigUint64Array;
	readonly #last: BigUint64Array;
	readonly #country: readonly string[];

	constructor(ranges: readonly Range[]) {
		// Lists mostly come in order, and to see that is quicker than to sort.
		const ordered = ranges.every(({ first }, at) => at === 0 || (ranges[at - 1]?.first ?? 0n) <= first);
		const sorted = ordered ? ranges : ranges.toSorted((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
		this.#first = BigUint64Array.from(sorted, ({ first }) => first);
		this.#last = BigUint64Array.from(sorted, ({ last }) => last);
		this.#country = sorted.map(({ country }) => country);
	}

	get size(): number {
		return this.#country.length;
	}

	find(value: bigint): string | null {
		let low = 0;
		let high = this.#first.length;
		while (low < high) {
			const middle = (low + high) >>> 1;
			if ((this.#first[middle] ?? 0n) <= value) low = middle + 1;
			else high = middle;
		}
		const country = this.#country[low - 1];
		if (country === undefined || value > (this.#last[low - 1] ?? 0n) || NOWHERE.has(country)) return null;
		return country;
	}
}

function rangeOf(first: bigint | null, last: bigint | null, country: string): Range | null {
	return first === null || last === null || last < first ? null : { first, last, country };
}

function readV4(address: string): bigint | null {
	const [, ...octets] = V4.exec(address) ?? [];
	if (octets.length === 0) return null;
	let value = 0;
	for (const octet of octets) {
		if (Number(octet) > 255) return null;
		value = value * 256 + Number(octet);
	}
	return BigInt(value);
}

/** The first 64 bits. */
function readV6(address: string): bigint | null {
	const [front = "", back, ...more] = address.split("::");
	if (!address.includes(":") || more.length > 0) return null;
	const head = front === "" ? [] : front.split(":");
	const tail = back === undefined || back === "" ? [] : back.split(":");
	if (back === undefined ? head.length !== 8 : head.length + tail.length > 7) return null;
	const zeros = Array.from({ length: 8 - head.length - tail.length }, () => "0");
	const groups = [...head, ...zeros, ...tail];
	if (!groups.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group))) return null;
	return groups.slice(0, 4).reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}
