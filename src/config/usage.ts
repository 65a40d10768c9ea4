/** What was used, counted from the events: in whose days, and for how long day by day. */
import type * as z from "zod";

import { duration } from "./values/duration.ts";
import { orUnlimited } from "./values/plain.ts";
import { section } from "./values/section.ts";
import { timeZone } from "./values/time-zone.ts";

export const usageSection = section({
	time_zone: timeZone().prefault("UTC").meta({
		description:
			"Whose days and months usage is counted by, and whose hours of the day are usual. What was counted before a change stays in the days of the old zone.",
		example: "Europe/Zurich",
	}),
	retention: orUnlimited(duration({ min: "32d", max: "3660d" }))
		.prefault("400d")
		.meta({
			description: "How long usage is kept day by day. Then the days of a month are summed up into one, and that is kept.",
		}),
}).transform((written) => ({ timeZone: written.time_zone, retentionMs: written.retention }));

export type UsageConfig = Readonly<z.output<typeof usageSection>>;
