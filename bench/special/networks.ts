/**
 * What a long list of networks costs a request more than a list of one: two gateways that differ in nothing else.
 *
 *  - Five lists, each of that length: of trusted proxies, allowed and denied at the door, allowed and denied for the callers' role. Every request is looked
 *    for in all of them; it is in those that allow, and in none of the others.
 *  - The callers come from many addresses in turn, because whatever remembers the last one would otherwise hide the list.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Figure } from "../figure.ts";
import { addedCost, type Subject } from "./added-cost.ts";
import { makeState } from "./many-keys.ts";
import { startGateway } from "./scene.ts";
import type { SpecialSurroundings } from "./special.ts";

const FEW = 1;
/** As many as the configuration takes. */
const MANY = 10_000;
const KEYS = 10;
const ADDRESSES = 64;

export async function networks(around: SpecialSurroundings): Promise<readonly Figure[]> {
	const [few, many] = [await start(FEW, around), await start(MANY, around)];
	const what = `CPU per short request added by ${MANY} networks in each list (proxies, door, role) instead of ${FEW}`;
	const callers = `callers of ${ADDRESSES} addresses in turn`;
	const told = { id: "networks/many", what, name: "networks", aim: 3, callers };
	return await addedCost({ ...told, without: few, with: many, addresses: ADDRESSES }, around);
}

async function start(count: number, around: SpecialSurroundings): Promise<Subject> {
	const name = `networks-${count}`;
	const state = join(around.folder, `${name}-state`);
	const keyFile = join(around.folder, `${name}-keys`);
	await makeState(state, keyFile, KEYS);
	const [allowFile, denyFile] = [join(around.folder, `${name}-allow`), join(around.folder, `${name}-deny`)];
	writeFileSync(allowFile, [...listOf(count - 1, 11), "127.0.0.0/8"].join("\n"));
	writeFileSync(denyFile, listOf(count, 12).join("\n"));
	const networks = { allow_file: allowFile, deny_file: denyFile };
	const settings = {
		gateway: { listen: "127.0.0.1:0", tls: { mode: "off" }, trusted_proxies: listOf(count, 10), networks },
		roles: { user: { classes: ["probe", "read", "infer"], networks } },
	};
	const gateway = await startGateway({ name, upstream: `http://127.0.0.1:${around.upstreamPort}`, state, settings }, around);
	return { pid: gateway.pid, port: gateway.port, keyFile, stop: () => gateway.stop() };
}

/** Networks of /24 in one of /8, one after the other. */
function listOf(count: number, first: number): readonly string[] {
	return Array.from({ length: count }, (_, index) => `${first}.${Math.floor(index / 256)}.${index % 256}.0/24`);
}
