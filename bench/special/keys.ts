/**
 * What a hundred thousand keys cost a request more than ten: two gateways that differ in nothing else, in turn, every request under a key at random.
 *
 * Lists of networks, of which the same is asked, are not in the configuration yet; their figure comes with them.
 */
import { join } from "node:path";

import type { Figure } from "../figure.ts";
import { spreadOf } from "../statistics.ts";
import { perform } from "./jobs.ts";
import { makeState } from "./many-keys.ts";
import { startGateway, startScript } from "./scene.ts";
import type { ShortJob, ShortResult } from "./short-load.ts";
import type { SpecialSurroundings } from "./special.ts";

const FEW = 10;
const MANY = 100_000;
const CONNECTIONS = 64;
const FIRST_WARM_UP_MS = 8_000;
const WARM_UP_MS = 400;
const SLACK_MS = 60_000;

interface Subject {
	readonly pid: number;
	readonly port: number;
	readonly keyFile: string;
	stop(): Promise<void>;
}

export async function keys(around: SpecialSurroundings): Promise<readonly Figure[]> {
	const [rounds, windowMs] = around.quick ? [2, 2_000] : [7, 5_000];
	const load = startScript("short-load", around);
	const [few, many] = [await start(FEW, around), await start(MANY, around)];
	const cpuPerRequest = async ({ pid, port, keyFile }: Subject, warmUpMs: number, forMs: number): Promise<number> => {
		const job: ShortJob = { pid, port, keyFile, connections: CONNECTIONS, warmUpMs, windowMs: forMs };
		const { requests, gatewayUs } = await perform<ShortJob, ShortResult>(load, job, warmUpMs + forMs + SLACK_MS);
		return gatewayUs / requests;
	};
	for (const subject of [few, many]) await cpuPerRequest(subject, around.quick ? WARM_UP_MS : FIRST_WARM_UP_MS, windowMs);
	const ratios: number[] = [];
	const costs: { readonly few: number; readonly many: number }[] = [];
	for (let round = 1; round <= rounds; round += 1) {
		// Each goes first as often as second.
		const first = round % 2 === 0 ? few : many;
		const one = await cpuPerRequest(first, WARM_UP_MS, windowMs);
		const other = await cpuPerRequest(first === few ? many : few, WARM_UP_MS, windowMs);
		const cost = first === few ? { few: one, many: other } : { few: other, many: one };
		costs.push(cost);
		ratios.push((cost.many / cost.few - 1) * 100);
		around.note(`keys, round ${round} of ${rounds}: ${cost.few.toFixed(1)} and ${cost.many.toFixed(1)} µs`);
	}
	await Promise.all([load.stop(), few.stop(), many.stop()]);
	const { median, least, most } = spreadOf(ratios);
	const medianOf = (which: "few" | "many") => spreadOf(costs.map((cost) => cost[which])).median.toFixed(1);
	return [
		{
			id: "keys/many",
			what: `CPU per short request added by ${MANY} keys instead of ${FEW}`,
			value: median,
			unit: "%",
			spread: [least, most],
			atLeast: 10,
			aim: 3,
			better: "less",
			detail: `${medianOf("few")} and ${medianOf("many")} µs; each request under a key at random. Network lists are not in the configuration yet`,
		},
	];
}

async function start(count: number, around: SpecialSurroundings): Promise<Subject> {
	const state = join(around.folder, `keys-${count}-state`);
	const keyFile = join(around.folder, `keys-${count}`);
	await makeState(state, keyFile, count);
	const upstream = `http://127.0.0.1:${around.upstreamPort}`;
	const gateway = await startGateway({ name: `keys-${count}-gateway`, upstream, state }, around);
	return { pid: gateway.pid, port: gateway.port, keyFile, stop: () => gateway.stop() };
}
