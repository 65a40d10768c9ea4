/** One mistake in a configuration, with the place to look at. */
export interface Problem {
	/** The file as it was named, or the flag that a value came from. */
	readonly file: string;
	/** From 1; 0 where there is no line, as for a flag. */
	readonly line: number;
	/** From 1, in UTF-16 units, as editors count; 0 where there is no line. */
	readonly column: number;
	/** The setting: `limits.body_timeout`, `upstreams[1].url`. Empty where the text is not YAML. */
	readonly path: string;
	readonly message: string;
	/** What to do about it. */
	readonly hint: string;
}

/** Keys and, in lists, indices from the top of the file. */
export type SettingPath = readonly (string | number)[];

/** What comes after `error:`; the hint has a line of its own. */
export function problemText({ file, line, column, path, message }: Problem): string {
	const place = line === 0 ? file : `${file}:${line}:${column}`;
	return path === "" ? `${place}: ${message}` : `${place}: ${path}: ${message}`;
}

export function pathText(path: SettingPath): string {
	return path.reduce<string>((text, step) => {
		if (typeof step === "number") return `${text}[${step}]`;
		const key = /^[\w-]{1,64}$/.test(step) ? step : JSON.stringify(step.slice(0, 64));
		return text === "" ? key : `${text}.${key}`;
	}, "");
}
