import manifest from "../../package.json" with { type: "json" };

/** Of the package; what `--version`, metrics and the first record of a run say. */
export const VERSION: string = manifest.version;
