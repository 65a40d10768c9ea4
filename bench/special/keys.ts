/** What a hundred thousand keys cost a request more than ten: two gateways that differ in nothing else, every request under a key at random. */
import { join } from "node:path";

import type { Figure } from "../figure.ts";
import { addedCost, type Subject } from "./added-cost.ts";
import { makeState } from "./many-keys.ts";
import { startGateway } from "./scene.ts";
import type { SpecialSurroundings } from "./special.ts";

const FEW = 10;
const MANY = 100_000;

export async function keys(around: SpecialSurroundings): Promise<readonly Figure[]> {
	const [few, many] = [await start(FEW, around), await start(MANY, around)];
	const what = `CPU per short request added by ${MANY} keys instead of ${FEW}`;
	const callers = "each request under a key at random";
	return await addedCost({ id: "keys/many", what, name: "keys", without: few, with: many, addresses: 1, aim: 3, callers }, around);
}

async function start(count: number, around: SpecialSurroundings): Promise<Subject> {
	const state = join(around.folder, `keys-${count}-state`);
	const keyFile = join(around.folder, `keys-${count}`);
	await makeState(state, keyFile, count);
	const upstream = `http://127.0.0.1:${around.upstreamPort}`;
	const gateway = await startGateway({ name: `keys-${count}-gateway`, upstream, state }, around);
	return { pid: gateway.pid, port: gateway.port, keyFile, stop: () => gateway.stop() };
}
