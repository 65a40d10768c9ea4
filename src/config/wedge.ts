/** Recognising a runner that takes requests and answers none, and curing it by unloading its model. */
import type * as z from "zod";

import { duration } from "./values/duration.ts";
import { count, flag } from "./values/plain.ts";
import { section } from "./values/section.ts";

export const wedgeSection = section({
	detect: flag().prefault(true).meta({ description: "Whether runners that stopped answering are looked for." }),
	heal: flag().prefault(true).meta({
		description: "Whether the model of such a runner is unloaded, so that the next request loads it afresh.",
		risk: "Requests that the runner holds at that moment are lost; it would not have answered them.",
	}),
	factor: count({ min: 2, max: 1_000 })
		.prefault(8)
		.meta({ description: "How many times longer than usual, for that model, the first byte may take before the runner is suspected." }),
	floor: duration({ min: "1s", max: "24h" })
		.prefault("20s")
		.meta({ description: "No runner is suspected earlier than this, however quick its model usually is." }),
	cap: duration({ min: "1s", max: "24h" })
		.prefault("5m")
		.meta({ description: "A runner is suspected after this at the latest, and where nothing is known of its model yet." }),
	heal_cooldown: duration({ min: "0s", max: "24h" })
		.prefault("2m")
		.meta({ description: "Least time between two attempts to heal the same model." }),
}).transform((written) => ({
	detect: written.detect,
	heal: written.heal,
	factor: written.factor,
	floorMs: written.floor,
	capMs: written.cap,
	healCooldownMs: written.heal_cooldown,
}));

export type WedgeConfig = Readonly<z.output<typeof wedgeSection>>;
