/** The flags of `npm run bench --`. */
import { parseArgs } from "node:util";

import { WORKLOADS, type Workload } from "./scripted.ts";
import { SPECIAL_NAMES, type SpecialName } from "./special/index.ts";
import { TARGET_NAMES, type TargetName } from "./target.ts";

export interface Options {
	readonly rounds: number;
	/** Length of each window. */
	readonly seconds: number;
	readonly targets: readonly TargetName[];
	readonly workloads: readonly Workload[];
	/** What runs after the rounds. */
	readonly special: readonly SpecialName[];
	readonly quick: boolean;
	/** Callers of short requests. */
	readonly connections: number;
	readonly streams: number;
	/** Leaves the run's directory where it is. */
	readonly keep: boolean;
	/** Profiles Rempart; its figures are then not worth publishing. */
	readonly profile: boolean;
}

export const USAGE = `npm run bench -- [flags]
  --rounds N        rounds, each proxy once in each (5)
  --seconds N       length of each window (5); below 2 the kernel's 10 ms ticks show
  --quick           2 rounds of 2 seconds, without TLS
  --only A,B        proxies to measure: ${TARGET_NAMES.join(", ")}
  --workloads A,B   ${WORKLOADS.join(", ")}; none runs no round
  --special A,B     what runs after the rounds: ${SPECIAL_NAMES.join(", ")}; none runs nothing
  --connections N   callers of short requests (64)
  --streams N       streams at once (100)
  --profile         take a CPU profile of Rempart as well, and say where its time goes
  --keep            keep the directory with configurations, logs and state
`;

/** Throws where a flag is unknown or its value is not one. */
export function readOptions(args: readonly string[]): Options | "help" {
	const { values } = parseArgs({
		args: [...args],
		options: {
			rounds: { type: "string" },
			seconds: { type: "string" },
			quick: { type: "boolean", default: false },
			only: { type: "string" },
			workloads: { type: "string", default: WORKLOADS.join(",") },
			special: { type: "string", default: SPECIAL_NAMES.join(",") },
			connections: { type: "string", default: "64" },
			streams: { type: "string", default: "100" },
			profile: { type: "boolean", default: false },
			keep: { type: "boolean", default: false },
			help: { type: "boolean", default: false },
		},
	});
	if (values.help) return "help";
	const targets = values.quick ? TARGET_NAMES.filter((name) => !name.endsWith("-tls")) : TARGET_NAMES;
	return {
		rounds: wholeNumber("rounds", values.rounds ?? (values.quick ? "2" : "5")),
		seconds: wholeNumber("seconds", values.seconds ?? (values.quick ? "2" : "5")),
		targets: chosen("only", values.only ?? targets.join(","), TARGET_NAMES),
		workloads: values.workloads === "none" ? [] : chosen("workloads", values.workloads, WORKLOADS),
		special: values.special === "none" ? [] : chosen("special", values.special, SPECIAL_NAMES),
		quick: values.quick,
		connections: wholeNumber("connections", values.connections),
		streams: wholeNumber("streams", values.streams),
		keep: values.keep,
		profile: values.profile,
	};
}

function wholeNumber(flag: string, text: string): number {
	if (!/^[1-9]\d{0,4}$/.test(text)) throw new Error(`--${flag} takes a whole number from 1 to 99999, not "${text}"`);
	return Number(text);
}

function chosen<Name extends string>(flag: string, text: string, names: readonly Name[]): readonly Name[] {
	const wanted = text.split(",");
	const unknown = wanted.find((name) => !names.some((known) => known === name));
	if (unknown !== undefined) throw new Error(`--${flag} knows no "${unknown}"; it takes ${names.join(", ")}`);
	return names.filter((name) => wanted.includes(name));
}
