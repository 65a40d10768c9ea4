/** What ten budgets for each of a hundred thousand keys cost a request more than none: two gateways that differ in nothing else. */
import { join } from "node:path";

import type { Figure } from "../figure.ts";
import { addedCost, type Subject } from "./added-cost.ts";
import { makeState } from "./many-keys.ts";
import { startGateway } from "./scene.ts";
import type { SpecialSurroundings } from "./special.ts";

const KEYS = 100_000;
/** Ten of every kind, each with room for whatever is measured. */
const BUDGETS = {
	"requests-minute": { unit: "requests", limit: 1e9, per: "minute" },
	"requests-hour": { unit: "requests", limit: 1e9, per: "hour" },
	"requests-day": { unit: "requests", limit: 1e9, per: "day", window: "rolling" },
	concurrent: { unit: "concurrent", limit: 1e6 },
	"input-day": { unit: "input_tokens", limit: 1e9, per: "day" },
	"output-day": { unit: "output_tokens", limit: 1e9, per: "day", on_exhausted: "cut" },
	"tokens-week": { unit: "tokens", limit: 1e9, per: "week", on_exhausted: "cut" },
	"tokens-month": { unit: "tokens", limit: 1e9, per: "month" },
	"gpu-day": { unit: "gpu_seconds", limit: 1e9, per: "day" },
	"money-month": { unit: "money", limit: 1e6, per: "month" },
} as const;

export async function budgets(around: SpecialSurroundings): Promise<readonly Figure[]> {
	const [none, ten] = [await start("none", {}, around), await start("ten", BUDGETS, around)];
	const what = `CPU per short request added by ${Object.keys(BUDGETS).length} budgets for each of ${KEYS} keys`;
	const callers = "each request under a key at random";
	return await addedCost({ id: "budgets/ten", what, name: "budgets", without: none, with: ten, addresses: 1, aim: 5, callers }, around);
}

async function start(name: string, wanted: object, around: SpecialSurroundings): Promise<Subject> {
	const state = join(around.folder, `budgets-${name}-state`);
	const keyFile = join(around.folder, `budgets-${name}-keys`);
	await makeState(state, keyFile, KEYS);
	const settings = {
		gateway: { listen: "127.0.0.1:0", tls: { mode: "off" } },
		budgets: wanted,
		prices: { "*": { input: 0.15, output: 0.6 } },
	};
	const upstream = `http://127.0.0.1:${around.upstreamPort}`;
	const gateway = await startGateway({ name: `budgets-${name}`, upstream, state, settings }, around);
	return { pid: gateway.pid, port: gateway.port, keyFile, stop: () => gateway.stop() };
}
