/** What is told of principals that do what they never did. Nothing is refused for any of it. */
import type * as z from "zod";

import { count, oneOf } from "./values/plain.ts";
import { section } from "./values/section.ts";

export const detectionSection = section({
	anomalies: oneOf(["off", "low", "normal", "high"]).prefault("normal").meta({
		description:
			"How soon it is recorded that a principal uses far more tokens within an hour than it ever does (anomaly-volume). off: neither that, nor a model (anomaly-model) nor an hour of the day (anomaly-hour) that is new to it.",
	}),
	tokens_an_hour: count({ min: 0, max: 1_000_000_000 }).prefault(20_000).meta({
		description: "Tokens within an hour, input and output, up to which no volume is told, however unusual it is for the principal.",
	}),
}).transform((written) => ({ anomalies: written.anomalies, tokensAnHour: written.tokens_an_hour }));

export type DetectionConfig = Readonly<z.output<typeof detectionSection>>;
