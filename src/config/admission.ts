import type * as z from "zod";

import { duration } from "./values/duration.ts";
import { count } from "./values/plain.ts";
import { section } from "./values/section.ts";

const concurrencySection = section({
	total: count({ min: 1, max: 1_000_000 }).prefault(256).meta({ description: "Requests that run at once, all keys together." }),
	per_key: count({ min: 1, max: 1_000_000 })
		.prefault(64)
		.meta({ description: "Requests of one key that run or wait at once. May be more than total: the rest of them waits." }),
}).transform((written) => ({ total: written.total, perKey: written.per_key }));

const queueSection = section({
	size: count({ min: 0, max: 1_000_000 }).prefault(256).meta({
		description:
			"Requests that may wait for room. 0: none waits. Keep it below OLLAMA_MAX_QUEUE of the upstream (512), whose own queue knows nothing of fairness.",
	}),
	timeout: duration({ max: "24h" }).prefault("60s").meta({ description: "How long a request may wait before it is refused (503)." }),
}).transform((written) => ({ size: written.size, timeoutMs: written.timeout }));

export const admissionSection = section({
	concurrency: concurrencySection.prefault({}).meta({ description: "How many requests run at once." }),
	queue: queueSection.prefault({}).meta({ description: "Where requests wait when all room is taken; keys take turns." }),
	requests_per_minute: count({ min: 1, max: 100_000_000 })
		.prefault(1_200)
		.meta({ description: "Requests a minute that each key may make in the long run." }),
	burst: count({ min: 1, max: 100_000_000 })
		.prefault(120)
		.meta({ description: "Requests that a key which was idle may make at once before its rate counts." }),
}).transform((written) => ({
	concurrency: written.concurrency,
	queue: written.queue,
	requestsPerMinute: written.requests_per_minute,
	burst: written.burst,
}));

export type AdmissionConfig = Readonly<z.output<typeof admissionSection>>;
