/** The operator's list of countries, from disk: line by line, for such lists have half a million of them. */
import { open } from "node:fs/promises";

import { type CountryTable, CountryTableBuilder } from "../detect/country-table.ts";
import { HintedError } from "../std/hinted-error.ts";

/** Throws a HintedError where there is no list in the file. */
export async function readCountries(path: string): Promise<CountryTable> {
	const builder = new CountryTableBuilder();
	try {
		await using file = await open(path, "r");
		for await (const line of file.readLines()) builder.take(line);
	} catch (cause) {
		const why = cause instanceof Error ? cause.message : String(cause);
		throw new HintedError(`${path} cannot be read: ${why}`, "make it readable for the server's user, or change events.countries", {
			cause,
		});
	}
	const table = builder.build();
	if (table.size > 0) return table;
	throw new HintedError(
		`${path} lists no country in any of its ${builder.skipped} lines`,
		"write first address, last address, country: 192.0.2.0,192.0.2.255,DE",
	);
}
