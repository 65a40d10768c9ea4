/** A value as somebody would write it in YAML, for documents. */
import { stringify } from "yaml";

const WIDE = { lineWidth: 0 } as const;

/** On one line. */
export function writtenInline(value: unknown): string {
	return stringify(value, { ...WIDE, collectionStyle: "flow", flowCollectionPadding: true })
		.trimEnd()
		.replaceAll(/\s*\n\s*/g, " ");
}

/** `key: value` on as many lines as it takes. */
export function writtenEntry(key: string, value: unknown): readonly string[] {
	const flat = Array.isArray(value) && value.every((item) => typeof item !== "object");
	if (flat) return [`${key}: ${writtenInline(value)}`];
	return stringify({ [key]: value }, WIDE)
		.trimEnd()
		.split("\n");
}
