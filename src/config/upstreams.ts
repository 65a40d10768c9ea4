/** Which Ollama servers stand behind the gateway (`upstreams`), and how all of them are spoken to (`upstream`). */
import type * as z from "zod";

import { duration } from "./values/duration.ts";
import { identifier } from "./values/identifier.ts";
import { count, listOf } from "./values/plain.ts";
import { section } from "./values/section.ts";
import { upstreamUrl } from "./values/upstream-url.ts";

const upstreamEntry = section({
	name: identifier().meta({ description: "What metrics, events and messages call this server.", example: "local" }),
	url: upstreamUrl().meta({
		description: "Scheme, host and port of the Ollama server; http or https.",
		risk: "With http to another machine, prompts and answers cross that network in clear, and whoever reaches the server directly needs no key.",
		example: "http://127.0.0.1:11434",
	}),
});

export const upstreamsSection = listOf(upstreamEntry, { min: 1, max: 64 });

export type UpstreamEntry = Readonly<z.output<typeof upstreamEntry>>;

export const upstreamSection = section({
	connect_timeout: duration({ max: "5m" }).prefault("5s").meta({ description: "How long connecting to an upstream may take." }),
	first_byte_timeout: duration({ max: "24h" }).prefault("10m").meta({
		description:
			"How long the first byte of an answer may take once the request was sent. Loading a large model and reading a long prompt count.",
	}),
	idle_timeout: duration({ max: "24h" }).prefault("5m").meta({ description: "How long an answer that has begun may stand still." }),
	health_interval: duration({ min: "100ms", max: "1h" })
		.prefault("10s")
		.meta({ description: "Time between two health checks of an upstream." }),
	health_timeout: duration({ min: "10ms", max: "1h" })
		.prefault("2s")
		.meta({ description: "How long a health check may take before it counts as failed." }),
	keep_alive: duration({ min: "0s", max: "24h" }).prefault("60s").meta({
		description: "How long an idle connection to an upstream is kept for the next request. 0s: none is kept.",
	}),
	max_idle_connections: count({ min: 0, max: 65_536 })
		.prefault(64)
		.meta({ description: "How many idle connections are kept to each upstream." }),
}).transform((written) => ({
	connectTimeoutMs: written.connect_timeout,
	firstByteTimeoutMs: written.first_byte_timeout,
	idleTimeoutMs: written.idle_timeout,
	healthIntervalMs: written.health_interval,
	healthTimeoutMs: written.health_timeout,
	keepAliveMs: written.keep_alive,
	maxIdleConnections: written.max_idle_connections,
}));

export type UpstreamConfig = Readonly<z.output<typeof upstreamSection>>;
