/** Apache's group file (`AuthGroupFile`): `name: user user …` a line. A group may stand on several lines. */
import { isUserName } from "./htpasswd.ts";

export type GroupReading = { readonly groups: ReadonlyMap<string, ReadonlySet<string>> } | { readonly problems: readonly string[] };

const LINE = /^([^:\s]+)\s*:(.*)$/;

export function readGroupFile(text: string): GroupReading {
	const groups = new Map<string, Set<string>>();
	const problems: string[] = [];
	for (const [index, line] of text
		.replace(/^\uFEFF/, "")
		.split(/\r?\n/)
		.entries()) {
		if (line.trim() === "" || line.startsWith("#")) continue;
		const [, name, rest = ""] = LINE.exec(line) ?? [];
		const members = rest
			.split(/[\s]+/)
			.filter((word) => word !== "")
			.map((word) => word.normalize("NFC"));
		if (name === undefined) problems.push(`line ${index + 1}: there is no "name:" before the users`);
		else if (!members.every(isUserName)) problems.push(`line ${index + 1}: a user of ${name} is not a user's name`);
		else groups.set(name, new Set([...(groups.get(name) ?? []), ...members]));
	}
	return problems.length > 0 ? { problems } : { groups };
}
