/** An amount of bytes, written "500B", "16KiB", "8MiB" or "200GiB", read into bytes. */
import { readAmount } from "./amount.ts";
import { textValue } from "./text-value.ts";

const UNITS = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const;

/** Powers of ten are refused instead of guessed: "8MB" means 8 MiB to most who write it and 8,000,000 to the rest. */
const ALIASES = {
	b: "B",
	byte: "B",
	bytes: "B",
	k: "KiB",
	kb: "KiB",
	kib: "KiB",
	m: "MiB",
	mb: "MiB",
	mib: "MiB",
	g: "GiB",
	gb: "GiB",
	gib: "GiB",
	t: "TiB",
	tb: "TiB",
	tib: "TiB",
} as const;

export function byteSize({ min = "1B", max = "1024TiB" }: { readonly min?: string; readonly max?: string } = {}) {
	const form = { noun: "an amount of bytes", units: UNITS, example: "8MiB", aliases: ALIASES, min, max };
	return textValue<number>({
		title: "bytes",
		noun: form.noun,
		hint: "write a whole number and a unit, one of B, KiB, MiB, GiB, TiB: 8MiB",
		pattern: "^[0-9]+(B|KiB|MiB|GiB|TiB)$",
		read: (text) => readAmount(form, text),
	});
}
