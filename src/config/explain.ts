/** What one setting does: the answer of `rempart config explain PATH`. */
import { configJsonSchema } from "./json-schema.ts";
import { nearest } from "./nearest.ts";
import { listSettings, type Setting } from "./settings.ts";

export type Explained = Setting | { readonly suggestion: string };

/** Takes a path as problems print it too: `upstreams[0].url`, `roles.research.models`. */
export function explainSetting(path: string): Explained {
	const settings = listSettings(configJsonSchema());
	const asked = path.trim().replaceAll(/\[\d*\]|\.\d+(?=\.|$)/g, "[]");
	const found = settings.find((setting) => setting.path === asked || matcherOf(setting.path).test(asked));
	if (found !== undefined) return found;

	const paths = settings.map((setting) => setting.path);
	const near = nearest(asked, paths) ?? paths.find((known) => known.endsWith(`.${asked}`)) ?? nearestLeaf(asked, paths);
	if (near !== undefined) return { suggestion: `did you mean ${near}?` };
	return { suggestion: `sections: ${paths.filter((known) => !known.includes(".") && !known.includes("[")).join(", ")}` };
}

/** `roles.<name>.uploads` for any name. */
function matcherOf(path: string): RegExp {
	const pattern = path.split("<name>").map((part) => part.replaceAll(/[.[\]]/g, "\\$&"));
	return new RegExp(`^${pattern.join("[^.]+")}$`);
}

/** A right section with a slip in the last word, or the last word alone with a slip in it. */
function nearestLeaf(asked: string, paths: readonly string[]): string | undefined {
	const leafOf = (path: string) => path.split(".").at(-1) ?? "";
	const leaf = nearest(leafOf(asked), paths.map(leafOf));
	return leaf === undefined ? undefined : paths.find((path) => leafOf(path) === leaf);
}
