/**
 * Lists of models before several upstreams: what all of them have, as one answer, so that a caller sees every model that a request of its would find.
 *
 * A model that several have is listed once, as the first tells it. An upstream that does not answer is left out; when none answers it is a fault.
 */
import { ask } from "../http/upstream-ask.ts";
import { Fault } from "../model/fault.ts";
import { filterAnswer } from "../ollama/filters.ts";
import type { ResponseFilter } from "../ollama/operation.ts";
import type { Batch } from "../ports/event-log.ts";
import type { Admitted } from "./exchange.ts";
import type { Forwarded } from "./forwarded.ts";
import { stringAt, type Upstream } from "./upstream.ts";

/** Under which key each list has its entries. */
const ENTRIES: Readonly<Partial<Record<ResponseFilter, "models" | "data">>> = { tags: "models", ps: "models", "v1-models": "data" };

export function isMergeable({ judged }: Admitted): boolean {
	const { filter } = judged.operation;
	return judged.method === "GET" && filter !== null && ENTRIES[filter] !== undefined;
}

export interface MergeOptions {
	readonly upstreams: readonly Upstream[];
	readonly recorded: Batch;
	readonly fields: readonly (readonly [string, string])[];
	readonly timeoutMs: number;
	readonly monotonic: () => number;
}

export async function answerMerged(admitted: Admitted, options: MergeOptions): Promise<Forwarded> {
	const { caller, judged, grant } = admitted;
	const { filter } = judged.operation;
	const began = options.monotonic();
	const answers = await Promise.allSettled(
		options.upstreams.map((upstream) => ask(upstream.pool, "GET", judged.path, undefined, options.timeoutMs)),
	);
	const bodies = answers.filter((answer) => answer.status === "fulfilled" && answer.value.status === 200);
	const lists = bodies
		.map((answer) => (answer.status === "fulfilled" ? objectIn(answer.value.body) : null))
		.filter((list) => list !== null);
	const [first] = lists;
	if (first === undefined || filter === null) throw new Fault("upstream-unreachable", "no upstream told its models");
	const upstreamMs = options.monotonic() - began;

	const key = ENTRIES[filter] ?? "models";
	const merged = { ...first, [key]: withoutDoubles(lists.flatMap((list) => entriesOf(list, key))) };
	const body = filterAnswer(filter, Buffer.from(JSON.stringify(merged), "utf8"), grant.view);
	await options.recorded.settled;
	caller.respond(200, [["content-type", "application/json; charset=utf-8"], ...options.fields], { kind: "length", bytes: body.length });
	caller.write(body);
	caller.finish();
	const upstream = options.upstreams.map(({ name }) => name).join(",");
	const outcome = caller.departed ? "abandoned" : "completed";
	return {
		outcome,
		phase: "streaming",
		status: 200,
		fault: null,
		reason: null,
		usage: null,
		firstByteMs: upstreamMs,
		upstreamMs,
		detail: null,
		upstream,
		gpuShare: 0,
	};
}

function objectIn(body: Buffer): Readonly<Record<string, unknown>> | null {
	try {
		const value: unknown = JSON.parse(body.toString("utf8"));
		return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : null;
	} catch {
		// Not JSON: that upstream told nothing.
		return null;
	}
}

function entriesOf(list: Readonly<Record<string, unknown>>, key: string): readonly unknown[] {
	const entries = list[key];
	return Array.isArray(entries) ? entries : [];
}

function withoutDoubles(entries: readonly unknown[]): readonly unknown[] {
	const seen = new Set<string>();
	return entries.filter((entry) => {
		const name = stringAt(entry, "name") ?? stringAt(entry, "id") ?? "";
		if (seen.has(name)) return false;
		seen.add(name);
		return true;
	});
}
