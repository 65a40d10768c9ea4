/**
 * The one thread that touches the databases, so that an fsync never stands on the event loop.
 *
 *  - Requests are answered in the order of their coming, except queries over the log, which are worked off in slices between the others.
 *  - It decides nothing: when to commit, to seal and to try again is the main thread's business. After a failure it closes the database concerned,
 *    and the next request opens it anew, with all checks.
 */
import { parentPort, workerData } from "node:worker_threads";

import type { EventQuery } from "../../ports/event-log.ts";
import { assertNever } from "../../std/assert-never.ts";
import { HintedError } from "../../std/hinted-error.ts";
import { invariant } from "../../std/invariant.ts";

import { readSecretFile } from "../secret-file.ts";
import { EventDatabase } from "./event-database.ts";
import { EventReader } from "./event-reader.ts";
import { KeyDatabase } from "./key-database.ts";
import type { Answered, Asked, StoreReply, StoreRequest, WorkerSettings } from "./protocol.ts";
import { StateFiles } from "./state-files.ts";

invariant(parentPort !== null, "this file runs as a worker");
const port = parentPort;
const settings: WorkerSettings = workerData;
const files = new StateFiles(settings.directory);

let events: EventDatabase | null = null;
let keys: KeyDatabase | null = null;
const queries: { readonly id: number; readonly query: EventQuery; readonly now: number; reader: EventReader | null }[] = [];

port.on("message", ({ id, now, request }: Asked) => {
	if (request.kind === "find") {
		if (queries.push({ id, query: request.query, now, reader: null }) === 1) setImmediate(workOnQueries);
		return;
	}
	answer(id, replyTo(request, now));
	if (request.kind === "close") port.close();
});

function answer(id: number, reply: StoreReply): void {
	const answered: Answered = { id, reply };
	port.postMessage(answered);
}

function replyTo(request: Exclude<StoreRequest, { kind: "find" }>, now: number): StoreReply {
	switch (request.kind) {
		case "open":
			return attempt(closeAll, () => {
				openEvents(now);
				openKeys(now);
				return { kind: "done" };
			});
		case "commit":
			return attempt(closeEvents, () => ({ kind: "committed", ...openEvents(now).commit(request.block, request.sealAt) }));
		case "all-keys":
			return attempt(closeKeys, () => ({ kind: "keys", keys: openKeys(now).all() }));
		case "insert-key":
			return attempt(closeKeys, () => ({ kind: openKeys(now).insert(request.key) ? "done" : "conflict" }));
		case "replace-key":
			return attempt(closeKeys, () => ({ kind: openKeys(now).replace(request.key) ? "done" : "conflict" }));
		case "all-principals":
			return attempt(closeKeys, () => ({ kind: "principals", principals: openKeys(now).principals.all() }));
		case "insert-principal":
			return attempt(closeKeys, () => ({ kind: openKeys(now).principals.insert(request.principal) ? "done" : "conflict" }));
		case "replace-principal":
			return attempt(closeKeys, () => ({ kind: openKeys(now).principals.replace(request.principal) ? "done" : "conflict" }));
		case "close":
			closeAll();
			return { kind: "done" };
		default:
			return assertNever(request);
	}
}

/** A slice of the first query; what else came in meanwhile is heard before the next slice. */
function workOnQueries(): void {
	const first = queries[0];
	if (first === undefined) return;
	const reply = attempt(closeEvents, () => {
		first.reader ??= new EventReader(openEvents(first.now).database, first.query);
		const found = first.reader.step(() => performance.now());
		return found === null ? null : { kind: "found", ...found };
	});
	if (reply !== null) {
		queries.shift();
		answer(first.id, reply);
	}
	if (queries.length > 0) setImmediate(workOnQueries);
}

function attempt<T extends StoreReply | null>(close: () => void, act: () => T): T | StoreReply {
	try {
		return act();
	} catch (cause) {
		close();
		const message = cause instanceof Error ? cause.message : String(cause);
		return { kind: "failed", message, hint: cause instanceof HintedError ? cause.hint : null };
	}
}

function openEvents(now: number): EventDatabase {
	if (events === null) {
		const signingKey = readSecretFile(files.signingKey);
		if (signingKey === null)
			throw new HintedError(`${files.signingKey} is missing`, "put it back from a backup: without it the log cannot be continued");
		events = new EventDatabase({ file: files.events, signingKey, now });
	}
	return events;
}

function openKeys(now: number): KeyDatabase {
	keys ??= new KeyDatabase(files.keys, now);
	return keys;
}

function closeEvents(): void {
	// A query that was under way begins again: its statements end with the database.
	for (const query of queries) query.reader = null;
	const closing = events;
	events = null;
	closing?.close();
}

function closeKeys(): void {
	const closing = keys;
	keys = null;
	closing?.close();
}

function closeAll(): void {
	closeEvents();
	closeKeys();
}
