import type * as z from "zod";

import { duration } from "./values/duration.ts";
import { filePath } from "./values/file-path.ts";
import { count, orUnlimited } from "./values/plain.ts";
import { section } from "./values/section.ts";

export const eventsSection = section({
	commit_spacing: duration({ min: "0s", max: "1s" }).prefault("10ms").meta({
		description:
			"Least time between two commits of the event log. Under load the last byte of a short answer waits this long at most, and a commit costs a third of a millisecond of CPU; 0s commits at once.",
	}),
	checkpoint_interval: duration({ min: "100ms", max: "1h" }).prefault("1s").meta({
		description: "Time between two checkpoints that seal the log's chain.",
		risk: "Whoever holds the machine can rewrite what came after the last checkpoint unseen.",
	}),
	refusals_per_minute: count({ min: 0, max: 10_000_000 }).prefault(600).meta({
		description: "Refusals of strangers a minute that are recorded one by one; the rest are counted and recorded as a sum.",
		risk: "A higher number lets a flood of refused requests fill the disk.",
	}),
	retention: orUnlimited(duration({ min: "1d", max: "3660d" }))
		.prefault("400d")
		.meta({
			description:
				"How long events are kept. Once a day what is older is removed up to a signed checkpoint, which is itself recorded (events-pruned). unlimited keeps everything, as a legal hold asks.",
			risk: "What is removed cannot be investigated any more. Without a bound the disk fills, and a log that cannot be written means that nothing is served.",
		}),
	countries: filePath().optional().meta({
		description:
			"File that says which addresses are in which country, one range a line: 192.0.2.0,192.0.2.255,DE (the free lists of DB-IP are such). With it a key that comes from a second country is recorded as principal-unfamiliar; without it, one from a second wide network (IPv4 /16, IPv6 /32).",
		example: "/etc/rempart/countries.csv",
	}),
}).transform((written) => ({
	commitSpacingMs: written.commit_spacing,
	checkpointIntervalMs: written.checkpoint_interval,
	refusalsPerMinute: written.refusals_per_minute,
	retentionMs: written.retention,
	countries: written.countries ?? null,
}));

export type EventsConfig = Readonly<z.output<typeof eventsSection>>;
