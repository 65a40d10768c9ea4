/**
 * What each protection costs a short request: everything on, and everything on but one, as servers of their own that take turns.
 *
 * The part is taken out by what is loaded beside the server (`without/part.ts`). Differences are made within a round, between neighbours in time.
 */
import { join } from "node:path";

import type { Figure } from "../figure.ts";
import { spreadOf } from "../statistics.ts";
import { cpuPerRequest, measured } from "./cpu-per-request.ts";
import { makeState } from "./many-keys.ts";
import { startGateway, startScript } from "./scene.ts";
import type { SpecialSurroundings } from "./special.ts";

const WITHOUT = [
	{ part: "events", what: "the event log on disk" },
	{ part: "metrics", what: "metrics" },
	{ part: "record", what: "all of the record: making events, log and metrics" },
	{ part: "limits", what: "rate and concurrency" },
	{ part: "patches", what: "the virtual patches" },
] as const;

const HOOK = new URL("./without/part.ts", import.meta.url).href;
const KEYS = 10;
const CONNECTIONS = 64;
const FIRST_WARM_UP_MS = 4_000;
const WARM_UP_MS = 400;

interface Variant {
	/** Empty for everything. */
	readonly part: string;
	readonly pid: number;
	readonly port: number;
	readonly keyFile: string;
	stop(): Promise<void>;
}

export async function protections(around: SpecialSurroundings): Promise<readonly Figure[]> {
	const [rounds, windowMs] = around.quick ? [2, 2_000] : [5, 3_000];
	const load = startScript("short-load", around);
	const variants: Variant[] = [];
	for (const part of ["", ...WITHOUT.map(({ part: name }) => name)]) variants.push(await start(part, around));
	const measure = async ({ pid, port, keyFile }: Variant, warmUpMs: number): Promise<number> =>
		cpuPerRequest(await measured(load, { pid, port, keyFile, connections: CONNECTIONS, warmUpMs, windowMs }));
	for (const variant of variants) await measure(variant, around.quick ? WARM_UP_MS : FIRST_WARM_UP_MS);
	const costs = new Map<string, number[]>(variants.map(({ part }) => [part, []]));
	for (let round = 0; round < rounds; round += 1) {
		for (let turn = 0; turn < variants.length; turn += 1) {
			const variant = variants[(turn + round) % variants.length];
			if (variant !== undefined) costs.get(variant.part)?.push(await measure(variant, WARM_UP_MS));
		}
		const latest = variants.map(({ part }) => `${part === "" ? "everything" : `without ${part}`} ${costs.get(part)?.at(-1)?.toFixed(1)}`);
		around.note(`protections, round ${round + 1} of ${rounds}, µs: ${latest.join(", ")}`);
	}
	await Promise.all([load.stop(), ...variants.map((variant) => variant.stop())]);
	const everything = costs.get("") ?? [];
	const whole = spreadOf(everything);
	return [
		{
			...NO_BOUND,
			id: "protections/everything",
			what: "CPU per short request with everything on",
			value: whole.median,
			spread: [whole.least, whole.most],
			detail: "whole answers of a chat; what follows is how much less it is without one part",
		},
		...WITHOUT.map(({ part, what }): Figure => {
			const saved = spreadOf((costs.get(part) ?? []).map((cost, round) => (everything[round] ?? Number.NaN) - cost));
			return {
				...NO_BOUND,
				id: `protections/${part}`,
				what: `of it, ${what}`,
				value: saved.median,
				spread: [saved.least, saved.most],
				detail: `${((saved.median / whole.median) * 100).toFixed(0)} % of everything`,
			};
		}),
	];
}

const NO_BOUND = { unit: "µs", atLeast: null, aim: null, better: "less" } as const;

async function start(part: string, around: SpecialSurroundings): Promise<Variant> {
	const name = part === "" ? "protections" : `protections-without-${part}`;
	const state = join(around.folder, `${name}-state`);
	const keyFile = join(around.folder, `${name}-keys`);
	await makeState(state, keyFile, KEYS);
	const upstream = `http://127.0.0.1:${around.upstreamPort}`;
	// All of them load the hook, the one that leaves nothing out as well.
	const flags = ["--import", `${HOOK}?${part}`];
	const gateway = await startGateway({ name, upstream, state, flags }, around);
	return { part, pid: gateway.pid, port: gateway.port, keyFile, stop: () => gateway.stop() };
}
