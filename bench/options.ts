/** The flags of `npm run bench --`. */
import { parseArgs } from "node:util";

import { WORKLOADS, type Workload } from "./scripted.ts";
import { SPECIAL_NAMES, type SpecialName } from "./special/index.ts";
import { TARGET_NAMES, type TargetName } from "./target.ts";

export interface Options {
	readonly rounds: number;
	/** Length of each window; of paced streams twice that. */
	readonly seconds: number;
	readonly targets: readonly TargetName[];
	readonly workloads: readonly Workload[];
	/** Workloads beyond the rounds, one after the other behind them. */
	readonly specials: readonly SpecialName[];
	/** Callers of short requests. */
	readonly connections: number;
	readonly streams: number;
	readonly quick: boolean;
	/** Fails where a bound is missed. */
	readonly check: boolean;
	/** Writes the table of the project's README. */
	readonly readme: boolean;
	/** Measures nothing and takes the last report. */
	readonly reuse: boolean;
	/** Leaves the run's directory where it is. */
	readonly keep: boolean;
	/** Profiles Rempart; its figures are then not worth publishing. */
	readonly profile: boolean;
	/** Where peers are that no package manager puts in a known place; null for the user's cache. */
	readonly portkey: string | null;
	readonly litellm: string | null;
}

const LEAST_ROUNDS = 5;
const QUICK_TARGETS: readonly TargetName[] = ["nginx", "haproxy", "caddy", "rempart"];
const QUICK_WORKLOADS: readonly Workload[] = ["chat", "stream", "flood"];
const NONE = "none";

export const USAGE = `npm run bench -- [flags]
  --rounds N        rounds, each proxy once in each (${LEAST_ROUNDS})
  --seconds N       length of each window (2), of paced streams twice that: a proxy idles through them, and the kernel counts in ticks of 10 ms
  --quick           2 rounds with windows of 1 second, four proxies, three workloads: to look at, in less than two minutes
  --only A,B        proxies to measure: ${TARGET_NAMES.join(", ")}
  --workloads A,B   ${WORKLOADS.join(", ")}, or ${NONE} for the special ones alone
  --special A,B     what no round shows: ${SPECIAL_NAMES.join(", ")}, or ${NONE}; all, unless another flag chooses what is measured
  --connections N   callers of short requests (128: with fewer, the commits of its record bound the rate of Rempart, and its core idles)
  --streams N       streams at once (100)
  --check           exit 1 where an "at least" is missed, and name it
  --readme          write the table of the project's README; not with --quick or --profile, and from ${LEAST_ROUNDS} rounds on
  --reuse           measure nothing: --check and --readme take the last report
  --profile         take a CPU profile of Rempart as well, and say where its time goes
  --keep            keep the directory with configurations, logs and state
  --portkey FOLDER  where Portkey's gateway is installed by npm
  --litellm PROGRAM where LiteLLM's program is
  --install-peers   install those two, from npm and PyPI, into the user's cache, and end
`;

/** Throws where a flag is unknown or its value is not one. */
export function readOptions(args: readonly string[]): Options | "help" | "install-peers" {
	const { values } = parseArgs({
		args: [...args],
		options: {
			rounds: { type: "string" },
			seconds: { type: "string" },
			quick: { type: "boolean", default: false },
			only: { type: "string" },
			workloads: { type: "string" },
			special: { type: "string" },
			connections: { type: "string", default: "128" },
			streams: { type: "string", default: "100" },
			check: { type: "boolean", default: false },
			readme: { type: "boolean", default: false },
			reuse: { type: "boolean", default: false },
			profile: { type: "boolean", default: false },
			keep: { type: "boolean", default: false },
			portkey: { type: "string" },
			litellm: { type: "string" },
			"install-peers": { type: "boolean", default: false },
			help: { type: "boolean", default: false },
		},
	});
	if (values.help) return "help";
	if (values["install-peers"]) return "install-peers";
	const { quick, profile } = values;
	const chooses = quick || profile || values.only !== undefined || values.workloads !== undefined;
	const options: Options = {
		rounds: wholeNumber("rounds", values.rounds ?? (quick ? "2" : String(LEAST_ROUNDS))),
		seconds: wholeNumber("seconds", values.seconds ?? (quick ? "1" : "2")),
		targets: chosen("only", values.only, TARGET_NAMES, quick ? QUICK_TARGETS : TARGET_NAMES),
		workloads: values.workloads === NONE ? [] : chosen("workloads", values.workloads, WORKLOADS, quick ? QUICK_WORKLOADS : WORKLOADS),
		specials: values.special === NONE ? [] : chosen("special", values.special, SPECIAL_NAMES, chooses ? [] : SPECIAL_NAMES),
		connections: wholeNumber("connections", values.connections),
		streams: wholeNumber("streams", values.streams),
		quick,
		check: values.check,
		readme: values.readme,
		reuse: values.reuse,
		keep: values.keep,
		profile,
		portkey: values.portkey ?? null,
		litellm: values.litellm ?? null,
	};
	if (options.readme && !options.reuse) refuseToPublish(options);
	return options;
}

/** What is published is measured whole. Throws the reason why this is not. */
export function refuseToPublish({ quick, profile, rounds }: Options): void {
	if (quick || profile || rounds < LEAST_ROUNDS)
		throw new Error(`--readme is not for --quick or --profile, nor for less than ${LEAST_ROUNDS} rounds`);
}

function wholeNumber(flag: string, text: string): number {
	if (!/^[1-9]\d{0,4}$/.test(text)) throw new Error(`--${flag} takes a whole number from 1 to 99999, not "${text}"`);
	return Number(text);
}

function chosen<Name extends string>(
	flag: string,
	text: string | undefined,
	names: readonly Name[],
	usual: readonly Name[],
): readonly Name[] {
	if (text === undefined) return usual;
	const wanted = text.split(",");
	const unknown = wanted.find((name) => !names.some((known) => known === name));
	if (unknown !== undefined) throw new Error(`--${flag} knows no "${unknown}"; it takes ${names.join(", ")}`);
	return names.filter((name) => wanted.includes(name));
}
