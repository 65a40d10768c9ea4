/**
 * Events: read back, followed as they happen, and verified.
 *
 * Following asks the log again and again rather than listening to the writer, so what is shown is what is on disk, and a reader that takes nothing
 * costs nothing: the next look happens when the last one has been taken.
 */
import { setTimeout as delay } from "node:timers/promises";

import * as z from "zod";

import { EVENT_TYPE_NAMES, isEventType } from "../../model/event-types.ts";
import type { EventQuery, RecordedEvent } from "../../ports/event-log.ts";
import type { AdminDeps } from "../admin-deps.ts";
import type { AdminRoute } from "../admin-route.ts";
import { checked } from "../json-body.ts";
import { problem } from "../problem.ts";
import { LIMIT_MAX, limit, wholeNumber } from "../query-values.ts";

const LIMIT_DEFAULT = 100;
const LOOK_AGAIN_MS = 250;

const types = z
	.string()
	.transform((text) => text.split(","))
	.pipe(z.array(z.string().refine(isEventType, { error: (issue) => `${JSON.stringify(issue.input)} is not a type; there are ${TYPES}` })));
const TYPES = EVENT_TYPE_NAMES.join(", ");

const query = z.strictObject({
	afterSeq: wholeNumber.optional(),
	since: wholeNumber.optional(),
	until: wholeNumber.optional(),
	type: types.optional(),
	key: z.string().optional(),
	request: z.string().optional(),
	limit,
	follow: z.stringbool().optional(),
});

export function eventRoutes(deps: Pick<AdminDeps, "events" | "verifyEvents">): readonly AdminRoute[] {
	return [
		{
			method: "GET",
			path: "/v1/events",
			needs: "viewer",
			summary: "The newest events that match, in order; with `follow` one JSON object a line, and then new ones as they happen.",
			handle: async (context, administrator) => {
				const read = checked(context, query, context.req.query());
				if (!read.ok) return read.response;
				const wanted = queryOf(read.value);
				const first = await deps.events.read(wanted).catch(() => null);
				if (first === null) return problem(context, "log-unreadable", { hint: "run 'rempart doctor'" });
				if (read.value.follow !== true) return context.json({ events: first });
				return context.body(follow({ ...deps, mayGoOn: () => administrator.stillHolds() }, wanted, first), 200, {
					"content-type": "application/x-ndjson",
				});
			},
		},
		{
			method: "POST",
			path: "/v1/events/verify",
			needs: "operator",
			summary: "Reads the whole log and checks its chain and seals.",
			handle: async (context) => {
				const verified = await deps.verifyEvents().catch(() => null);
				return verified === null ? problem(context, "log-unreadable", { hint: "run 'rempart doctor'" }) : context.json(verified);
			},
		},
	];
}

function queryOf(read: z.output<typeof query>): EventQuery {
	const { afterSeq, since, until, type, key, request, limit } = read;
	return {
		limit: limit ?? LIMIT_DEFAULT,
		...(afterSeq === undefined ? {} : { afterSeq }),
		...(since === undefined ? {} : { since }),
		...(until === undefined ? {} : { until }),
		...(type === undefined ? {} : { types: type }),
		...(key === undefined ? {} : { principal: key }),
		...(request === undefined ? {} : { request }),
	};
}

/** Ends when the reader leaves, may read no more, or the log cannot be read; the reader then asks again after the last number that it saw. */
function follow(
	deps: Pick<AdminDeps, "events"> & { readonly mayGoOn: () => boolean },
	wanted: EventQuery,
	first: readonly RecordedEvent[],
): ReadableStream<Uint8Array> {
	const gone = new AbortController();
	const encoder = new TextEncoder();
	let batch = first;
	let last = wanted.afterSeq ?? 0;
	return new ReadableStream<Uint8Array>(
		{
			async pull(controller) {
				while (batch.length === 0) {
					await delay(LOOK_AGAIN_MS, undefined, { signal: gone.signal });
					if (!deps.mayGoOn()) {
						controller.close();
						return;
					}
					batch = await deps.events.read({ ...wanted, afterSeq: last, limit: LIMIT_MAX });
				}
				last = batch.at(-1)?.seq ?? last;
				controller.enqueue(encoder.encode(batch.map((recorded) => `${JSON.stringify(recorded)}\n`).join("")));
				batch = [];
			},
			cancel() {
				gone.abort();
			},
		},
		{ highWaterMark: 1 },
	);
}
