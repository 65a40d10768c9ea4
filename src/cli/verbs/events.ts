/** `events`: what happened, newest last; `-f` goes on as it happens. */
import type { Command } from "commander";

import type { EventType } from "../../model/event.ts";
import { EVENT_TYPE_NAMES, isEventType } from "../../model/event-types.ts";
import type { EventQuery, RecordedEvent } from "../../ports/event-log.ts";
import { HintedError } from "../../std/hinted-error.ts";
import { eventLine } from "../event-line.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { keyIdOf } from "../key-text.ts";
import { momentOf } from "../lifetime.ts";
import { openAdministration } from "../open-administration.ts";
import type { GlobalOptions } from "../surroundings.ts";
import { addVerb, type Invocation, type Session } from "../verb.ts";

interface Options extends GlobalOptions {
	readonly follow?: boolean;
	readonly since?: string;
	readonly type?: string;
	readonly key?: string;
	readonly request?: string;
	readonly limit: string;
}

const LIMIT_MAX = 10_000;

export function defineEvents(parent: Command, session: Session): Command {
	return addVerb<Options>(parent, session, "events", "show what happened; -f goes on as it happens", events)
		.option("-f, --follow", "go on with new events until interrupted")
		.option("--since <when>", "from a moment (2026-01-31T12:00:00Z) or a length of time ago (1h)")
		.option("--type <types>", "only these types: request-started,key-created")
		.option("--key <id>", "only what this key did")
		.option("--request <id>", "only this request, by its x-request-id")
		.option("--limit <n>", "at most the newest n", "100");
}

async function events({ options, surroundings }: Invocation<Options>): Promise<ExitCode> {
	const { terminal, clock } = surroundings;
	const query = queryOf(options, clock());
	await using administration = await openAdministration(options, surroundings, { create: false });
	const show = (recorded: RecordedEvent): void => {
		if (options.json === true) terminal.object({ seq: recorded.seq, ...recorded.event });
		else terminal.line(eventLine(recorded, terminal));
	};
	if (options.follow !== true) {
		for (const recorded of await administration.events(query)) show(recorded);
		return EXIT.done;
	}
	const enough = new AbortController();
	for (const signal of ["SIGINT", "SIGTERM"] as const) surroundings.onSignal(signal, () => enough.abort());
	void surroundings.outputLost.then(() => enough.abort());
	for await (const recorded of administration.follow(query, enough.signal)) show(recorded);
	return EXIT.done;
}

function queryOf(options: Options, now: number): EventQuery {
	const limit = /^\d{1,6}$/.test(options.limit) ? Number(options.limit) : 0;
	if (limit < 1 || limit > LIMIT_MAX)
		throw new HintedError(`--limit: "${options.limit}" is not a number from 1 to ${LIMIT_MAX}`, "write for example: --limit 50");
	return {
		limit,
		...(options.since === undefined ? {} : { since: momentOf("--since", options.since, now) }),
		...(options.type === undefined ? {} : { types: options.type.split(",").map(typeOf) }),
		...(options.key === undefined ? {} : { principal: keyIdOf(options.key) }),
		...(options.request === undefined ? {} : { request: options.request }),
	};
}

function typeOf(text: string): EventType {
	if (isEventType(text)) return text;
	throw new HintedError(`--type: "${text}" is not a type of event`, `the types are ${EVENT_TYPE_NAMES.join(", ")}`);
}
