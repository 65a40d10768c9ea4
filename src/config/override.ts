/** What flags and the environment may change in a configuration, under the same rules as the file. Nothing else has a second way to be set. */
import type { Config } from "./config.ts";
import type { ParsedConfig } from "./parse.ts";
import { type Problem, pathText } from "./problem.ts";
import { brokenRules, frozen } from "./validate.ts";
import { readListenAddress } from "./values/listen.ts";
import type { Reading } from "./values/mistake.ts";
import { readUpstreamUrl } from "./values/upstream-url.ts";

/** As typed; what is absent leaves the configuration as it is. */
export interface ConfigOverrides {
	readonly listen?: string | undefined;
	readonly admin?: string | undefined;
	/** One server in the place of all that the configuration names. */
	readonly upstream?: string | undefined;
}

const WRITTEN_AS = {
	listen: { from: "--listen or REMPART_LISTEN", path: "gateway.listen" },
	admin: { from: "--admin or REMPART_ADMIN", path: "admin.listen" },
	upstream: { from: "--upstream or REMPART_UPSTREAM", path: "upstreams[0].url" },
} as const;

/** Problems have no line; their `file` names the flag and the variable. */
export function overrideConfig(config: Config, overrides: ConfigOverrides): ParsedConfig {
	const problems: Problem[] = [];
	const readWith = <T>(name: keyof ConfigOverrides, read: (text: string) => Reading<T>): T | undefined => {
		const text = overrides[name];
		const reading = text === undefined ? { value: undefined } : read(text);
		if ("value" in reading) return reading.value;
		const { from, path } = WRITTEN_AS[name];
		problems.push({ file: from, line: 0, column: 0, path, ...reading });
		return undefined;
	};
	const listen = readWith("listen", readListenAddress);
	const admin = readWith("admin", readListenAddress);
	const url = readWith("upstream", readUpstreamUrl);
	if (problems.length > 0) return { problems };

	const overridden: Config = {
		...config,
		gateway: { ...config.gateway, listen: listen ?? config.gateway.listen },
		admin: { ...config.admin, listen: admin ?? config.admin.listen },
		upstreams: url === undefined ? config.upstreams : [{ name: "local", url }],
	};
	const mistakes = brokenRules(overridden);
	if (mistakes.length === 0) return { config: frozen(overridden) };
	const given = (["listen", "admin", "upstream"] as const)
		.filter((name) => overrides[name] !== undefined)
		.map((name) => WRITTEN_AS[name].from);
	return {
		problems: mistakes.map(({ path, message, hint }) => ({
			file: given.join(", "),
			line: 0,
			column: 0,
			path: pathText(path),
			message,
			hint,
		})),
	};
}
