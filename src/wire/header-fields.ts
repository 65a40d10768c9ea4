/** Header fields in order of arrival, names in lower case. Small by construction (the reader caps the count), so look-ups scan. */
export class HeaderFields {
	readonly #names: readonly string[];
	readonly #values: readonly string[];

	constructor(names: readonly string[], values: readonly string[]) {
		this.#names = names;
		this.#values = values;
	}

	get size(): number {
		return this.#names.length;
	}

	/** Name of the field at a position from 0 to `size`; "" beyond. */
	nameAt(at: number): string {
		return this.#names[at] ?? "";
	}

	valueAt(at: number): string {
		return this.#values[at] ?? "";
	}

	/** The first value of a field; `name` in lower case. */
	get(name: string): string | undefined {
		const at = this.#names.indexOf(name);
		return at === -1 ? undefined : this.#values[at];
	}

	/** Every value of a field, in order; what decides about credentials and framing must look at all of them. */
	all(name: string): readonly string[] {
		return this.#values.filter((_, at) => this.#names[at] === name);
	}

	*[Symbol.iterator](): Generator<readonly [name: string, value: string]> {
		for (const [at, name] of this.#names.entries()) yield [name, this.#values[at] ?? ""];
	}
}
