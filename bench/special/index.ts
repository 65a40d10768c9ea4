/** The special workloads by name, in the order in which they run. */
import type { Figure } from "../figure.ts";
import { budgets } from "./budgets.ts";
import { cancellation } from "./cancellation.ts";
import { firstToken } from "./first-token.ts";
import { growth } from "./growth.ts";
import { jitter } from "./jitter.ts";
import { keys } from "./keys.ts";
import { memory } from "./memory.ts";
import { networks } from "./networks.ts";
import { passwords } from "./passwords.ts";
import { protections } from "./protections.ts";
import type { Special, SpecialSurroundings } from "./special.ts";
import { upload } from "./upload.ts";

export const SPECIAL_NAMES = [
	"first-token",
	"cancellation",
	"memory",
	"upload",
	"growth",
	"keys",
	"budgets",
	"networks",
	"protections",
	"passwords",
	"jitter",
] as const;
export type SpecialName = (typeof SPECIAL_NAMES)[number];

const SPECIALS: Readonly<Record<SpecialName, Special>> = {
	"first-token": firstToken,
	cancellation,
	memory,
	upload,
	growth,
	keys,
	budgets,
	networks,
	protections,
	passwords,
	jitter,
};

/** One after the other: each has the machine to itself, also where the one before it failed and left processes running. */
export async function runSpecials(names: readonly SpecialName[], around: SpecialSurroundings): Promise<readonly Figure[]> {
	const figures: Figure[] = [];
	for (const name of names) {
		around.note(`special workload ${name}`);
		const before = around.children.running;
		try {
			figures.push(...(await SPECIALS[name](around)));
		} finally {
			await Promise.all([...around.children.running].filter((child) => !before.has(child)).map((child) => child.stop()));
		}
	}
	return figures;
}
