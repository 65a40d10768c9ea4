/**
 * A commented `rempart.yaml` that shows every setting with its default.
 *
 * Settings are commented out with one `#` and explained with `##`, so that the file as it is means the defaults of whichever release reads it, and
 * taking one `#` off a line and off the sections around it sets that line alone.
 */
import { listSettings, type Setting } from "./settings.ts";
import { writtenEntry, writtenInline } from "./written.ts";

const HEAD = [
	"## Configuration of Rempart. Every line is commented out: the file means the defaults as it is.",
	"## To change a setting, take one # off its line and off the lines of the sections that it belongs to.",
	"## Check with: rempart config check. More about one setting: rempart config explain limits.body",
	"## For completion in an editor: rempart config schema > rempart.schema.json, and leave the next line as it is.",
	"# yaml-language-server: $schema=rempart.schema.json",
];
const WIDTH = 120;

export function sampleConfig(): string {
	// What entries of lists and mappings hold is shown by their defaults and examples.
	const settings = listSettings().filter(({ path }) => !/[[<]/.test(path));
	return `${[...HEAD, ...settings.flatMap((setting) => linesOf(setting))].join("\n")}\n`;
}

function linesOf(setting: Setting): readonly string[] {
	const depth = setting.path.split(".").length - 1;
	const key = setting.path.split(".").at(-1) ?? "";
	const indent = "  ".repeat(depth);
	const risk = setting.risk === null ? "" : ` Risk: ${setting.risk}`;
	const comment = wrapped(`${setting.description}${risk}`, WIDTH - indent.length).map((line) => `##${indent} ${line}`);
	const example = exampleLines(setting, key).map((line) => `##${indent}   ${line}`);
	return [...(depth === 0 ? [""] : []), ...comment, ...example, ...valueLines(setting, key).map((line) => `#${indent}${line}`)];
}

function valueLines(setting: Setting, key: string): readonly string[] {
	if (setting.type === "section") return [`${key}:`];
	return setting.default === undefined ? [] : writtenEntry(key, setting.default);
}

function exampleLines({ type, example }: Setting, key: string): readonly string[] {
	if (example === undefined) return [];
	return type === "sections by name" ? ["Example:", ...writtenEntry(key, example)] : [`Example: ${key}: ${writtenInline(example)}`];
}

function wrapped(text: string, width: number): readonly string[] {
	const lines: string[] = [];
	for (const word of text.split(" ")) {
		const line = lines.at(-1);
		if (line !== undefined && line.length + word.length < width) lines[lines.length - 1] = `${line} ${word}`;
		else lines.push(word);
	}
	return lines;
}
