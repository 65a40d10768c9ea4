import type * as z from "zod";

import { duration } from "./values/duration.ts";
import { count, orOff, orUnlimited } from "./values/plain.ts";
import { section } from "./values/section.ts";

const concurrencySection = section({
	total: count({ min: 1, max: 1_000_000 }).prefault(256).meta({ description: "Requests that run at once, all keys together." }),
	per_key: count({ min: 1, max: 1_000_000 })
		.prefault(64)
		.meta({ description: "Requests of one key that run or wait at once. May be more than total: the rest of them waits." }),
	per_model: orUnlimited(count({ min: 1, max: 1_000_000 }))
		.prefault(4)
		.meta({
			description:
				"Requests that run at once on one model at each of its servers; the rest waits its turn here. The OLLAMA_NUM_PARALLEL of the servers is the best value. Models in the cloud have no such bound.",
			risk: "What is beyond OLLAMA_NUM_PARALLEL waits in Ollama's own queue, which does not know who asks: with unlimited, one caller's flood delays everybody.",
		}),
}).transform((written) => ({ total: written.total, perKey: written.per_key, perModel: written.per_model }));

const queueSection = section({
	size: count({ min: 0, max: 1_000_000 }).prefault(256).meta({
		description:
			"Requests that may wait for room, all callers together. 0: none waits. When it is full, the newest of whoever has most in it gives way to who has less.",
	}),
	timeout: duration({ max: "24h" }).prefault("4m").meta({
		description:
			"How long a request may wait before it is refused (503). Programs on Node give up by themselves after five minutes without an answer.",
	}),
	keep_alive: orOff(duration({ max: "24h" }))
		.prefault("off")
		.meta({
			description:
				"After how long in the queue the answer of a stream is begun, and how often it is then kept alive: by a comment with the position in a stream of events, by a space in NDJSON. For proxies and clients that give up on silence sooner than timeout.",
			risk: "With the answer begins its status, 200: what is refused afterwards is an error within the stream, which clients do not try again by themselves.",
		}),
}).transform((written) => ({ size: written.size, timeoutMs: written.timeout, keepAliveMs: written.keep_alive }));

export const admissionSection = section({
	concurrency: concurrencySection.prefault({}).meta({ description: "How many requests run at once." }),
	queue: queueSection.prefault({}).meta({
		description: "Where requests wait when all room is taken; callers share the time of the models by their weights and priorities.",
	}),
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
