/** What a hundred thousand keys cost a request more than ten: two gateways that differ in nothing else, every request under a key at random. */
import { join } from "node:path";

import type { Figure } from "../figure.ts";
import { addedCost, type Subject } from "./added-cost.ts";
import { makeState } from "./many-keys.ts";
import { startGateway, startScript } from "./scene.ts";
import type { SpecialSurroundings } from "./special.ts";

const FEW = 10;
const MANY = 100_000;

export async function keys(around: SpecialSurroundings): Promise<readonly Figure[]> {
	const load = startScript("short-load", around);
	const [few, many] = [await start(FEW, around), await start(MANY, around)];
	const { percent, withoutUs, withUs } = await addedCost(load, { name: "keys", without: few, with: many, addresses: 1 }, around);
	await Promise.all([load.stop(), few.stop(), many.stop()]);
	return [
		{
			id: "keys/many",
			what: `CPU per short request added by ${MANY} keys instead of ${FEW}`,
			value: percent.median,
			unit: "%",
			spread: [percent.least, percent.most],
			atLeast: 10,
			aim: 3,
			better: "less",
			detail: `${withoutUs.toFixed(1)} and ${withUs.toFixed(1)} µs; each request under a key at random`,
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
