/** What Rempart must reach beside its peers, and the figures of the rounds that say whether it does. */
import type { Figure } from "./figure.ts";
import type { Workload } from "./scripted.ts";
import { type Measure, ratioOf, type Sample } from "./summary.ts";
import type { TargetName } from "./target.ts";

export interface Bound {
	readonly measure: Measure;
	readonly workload: Workload;
	readonly against: TargetName;
	readonly what: string;
	readonly atLeast: number | null;
	readonly aim: number | null;
	readonly detail: string | null;
}

const SHORT = "CPU per short request";
const TOKEN = "CPU per relayed token";
const TOKEN_RATE = "tokens/s of a full core, unpaced";
const REQUEST_RATE = "requests/s of a full core";
const OPEN_GATEWAY = "It checks no caller's key.";
const FEW_CALLERS = "With 8 callers and 8 streams, as more would only queue.";

/** The bounds of the design; a null is a peer to look at and not to beat. Passwords with slow hashes are a special workload: the same file on both sides. */
export const BOUNDS: readonly Bound[] = [
	cpu("chat", "nginx", `${SHORT} (chat), against nginx`, 1.8, 1.3),
	cpu("get", "nginx", `${SHORT} (list of models), against nginx`, 1.8, 1.3),
	cpu("chat", "nginx-log", `${SHORT} (chat), against nginx with a buffered log`, 1.6, 1.15),
	cpu("chat", "nginx-apr1", `${SHORT} (chat), against nginx with an apr1 file`),
	cpu("chat", "haproxy", `${SHORT} (chat), against HAProxy`),
	cpu("get", "haproxy", `${SHORT} (list of models), against HAProxy`),
	cpu("chat", "caddy", `${SHORT} (chat), against Caddy`, 0.6, 0.4),
	cpu("get", "caddy", `${SHORT} (list of models), against Caddy`, 0.6, 0.4),
	rate("chat-v1", "portkey", `${REQUEST_RATE} (OpenAI's chat), against Portkey's gateway`, 20, 40, OPEN_GATEWAY),
	rate("chat-v1", "litellm", `${REQUEST_RATE} (OpenAI's chat), against LiteLLM`, null, null, FEW_CALLERS),
	cpu("stream", "nginx", `${TOKEN}, NDJSON, against nginx`, 1.8, 1.3),
	cpu("stream-v1", "nginx", `${TOKEN}, SSE, against nginx`, 1.8, 1.3),
	cpu("stream", "haproxy", `${TOKEN}, NDJSON, against HAProxy`),
	cpu("stream", "caddy", `${TOKEN}, NDJSON, against Caddy`),
	cpu("stream-v1", "portkey", `${TOKEN}, SSE, against Portkey's gateway`, null, null, OPEN_GATEWAY),
	cpu("stream-v1", "litellm", `${TOKEN}, SSE, against LiteLLM`, null, null, FEW_CALLERS),
	rate("flood", "nginx", `${TOKEN_RATE} NDJSON, against nginx`, 0.8, 1.2),
	rate("flood-v1", "nginx", `${TOKEN_RATE} SSE, against nginx`, 0.8, 1.2),
	rate("flood", "haproxy", `${TOKEN_RATE} NDJSON, against HAProxy`),
	rate("flood", "caddy", `${TOKEN_RATE} NDJSON, against Caddy`),
	rate("flood-v1", "portkey", `${TOKEN_RATE} SSE, against Portkey's gateway`, null, null, OPEN_GATEWAY),
	cpu("chat", "nginx-tls", `${SHORT} (chat) over TLS, against nginx over TLS`),
	cpu("stream", "nginx-tls", `${TOKEN}, NDJSON over TLS, against nginx over TLS`),
];

export function figuresOf(samples: readonly Sample[]): readonly Figure[] {
	return BOUNDS.flatMap((bound) => {
		const { measure, workload, against, what, atLeast, aim, detail } = bound;
		const ratio = ratioOf(samples, measure, { workload, target: rempartBeside(against), against });
		if (ratio === null) return [];
		const spread: Figure["spread"] = [ratio.least, ratio.most];
		return [{ id: idOf(bound), what, value: ratio.median, unit: "×", spread, atLeast, aim, better: betterOf(measure), detail }];
	});
}

/** Bounds that this run cannot speak of, because a program is missing or was not chosen. */
export function unmeasured(figures: readonly Figure[]): readonly string[] {
	const measured = new Set(figures.map(({ id }) => id));
	return BOUNDS.filter((bound) => bound.atLeast !== null && !measured.has(idOf(bound))).map(idOf);
}

function idOf({ measure, workload, against }: Bound): string {
	return `${workload}-${measure}/${against}`;
}

function rempartBeside(against: TargetName): TargetName {
	return against === "nginx-tls" ? "rempart-tls" : "rempart";
}

function betterOf(measure: Measure): Figure["better"] {
	return measure === "cpu" ? "less" : "more";
}

function cpu(
	workload: Workload,
	against: TargetName,
	what: string,
	atLeast: number | null = null,
	aim: number | null = null,
	detail: string | null = null,
): Bound {
	return { measure: "cpu", workload, against, what, atLeast, aim, detail };
}

/** As `cpu`, for what is better the more it is. */
function rate(...[workload, against, what, atLeast = null, aim = null, detail = null]: Parameters<typeof cpu>): Bound {
	return { measure: "rate", workload, against, what, atLeast, aim, detail };
}
