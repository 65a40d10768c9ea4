/**
 * The one thread that touches the databases, so that an fsync never stands on the event loop.
 *
 *  - Requests are answered in the order of their coming, except what takes long (queries over the log; counting and pruning), which is worked off in
 *    slices between the others, so that no commit waits for it.
 *  - It decides nothing: when to commit, to seal and to try again is the main thread's business. After a failure it closes the database concerned,
 *    and the next request opens it anew, with all checks.
 */
import { parentPort, workerData } from "node:worker_threads";

import type { EventQuery } from "../../ports/event-log.ts";
import { assertNever } from "../../std/assert-never.ts";
import { HintedError } from "../../std/hinted-error.ts";
import { invariant } from "../../std/invariant.ts";

import { readSecretFile } from "../secret-file.ts";
import { giveBackStartMemory } from "../start-memory.ts";
import { BudgetDatabase, type PackedChanges } from "./budget-database.ts";
import { EventDatabase } from "./event-database.ts";
import { EventReader } from "./event-reader.ts";
import { FreshUsage } from "./fresh-usage.ts";
import { KeyDatabase } from "./key-database.ts";
import {
	type Answered,
	type Asked,
	isUpkeep,
	type QuickRequest,
	type StoreReply,
	type UpkeepRequest,
	type WorkerSettings,
} from "./protocol.ts";
import { planPruning, prune } from "./prune-work.ts";
import { inSlices, SlowLane } from "./slow-lane.ts";
import { StateFiles } from "./state-files.ts";
import { UsageDatabase } from "./usage-database.ts";
import { catchUp, meetLog, recompute, report, rollUp, type UsageFiles } from "./usage-work.ts";

invariant(parentPort !== null, "this file runs as a worker");
const port = parentPort;
const settings: WorkerSettings = workerData;
const files = new StateFiles(settings.directory);

let events: EventDatabase | null = null;
let keys: KeyDatabase | null = null;
let usage: UsageDatabase | null = null;
let budgets: BudgetDatabase | null = null;
const fresh = new FreshUsage();
const CLOSING: StoreReply = { kind: "failed", message: "the stores are closed", hint: null };
const elapsedMs = (): number => performance.now();
const queries = new SlowLane<StoreReply>((act) => attempt(closeEvents, act));
const upkeep = new SlowLane<StoreReply>((act) => attempt(closeForUpkeep, act));
const saves = new SlowLane<StoreReply>((act) => attempt(closeBudgets, act));

port.on("message", ({ id, now, request }: Asked) => {
	if (request.kind === "find") {
		queries.add({ answer: (reply) => answer(id, reply), start: () => query(request.query, now) });
	} else if (request.kind === "save-budgets") {
		saves.add({ answer: (reply) => answer(id, reply), start: () => saveOf(request.changes, now) });
	} else if (isUpkeep(request)) {
		upkeep.add({ answer: (reply) => answer(id, reply), start: () => upkeepOf(request, now) });
	} else {
		if (request.kind === "close") for (const lane of [queries, upkeep, saves]) lane.stop(CLOSING);
		const reply = replyTo(request, now);
		answer(id, reply);
		if (request.kind === "commit" && request.block !== null && reply.kind === "committed")
			fresh.add(request.block.body, request.block.count, reply.lastSeq);
		// No bound on the heap of this thread: a query or a count that needs more than usual would end it, and with it what waits for a commit.
		if (request.kind === "open") void giveBackStartMemory();
		if (request.kind === "close") port.close();
	}
});

function answer(id: number, reply: StoreReply): void {
	const answered: Answered = { id, reply };
	port.postMessage(answered);
}

function replyTo(request: QuickRequest, now: number): StoreReply {
	switch (request.kind) {
		case "open":
			return attempt(closeAll, () => {
				openEvents(now);
				openKeys(now);
				meetUsage(now);
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
		case "load-budgets":
			return attempt(closeBudgets, () => ({ kind: "budgets", snapshot: openBudgets(now).load() }));
		case "close":
			closeAll();
			return { kind: "done" };
		default:
			return assertNever(request);
	}
}

function query(wanted: EventQuery, now: number): () => StoreReply | null {
	const reader = new EventReader(openEvents(now).database, wanted);
	return () => {
		const found = reader.step(elapsedMs);
		return found === null ? null : { kind: "found", ...found };
	};
}

function saveOf(changes: PackedChanges, now: number): () => StoreReply | null {
	return inSlices(openBudgets(now).save(changes), () => ({ kind: "done" }), elapsedMs);
}

function upkeepOf(request: UpkeepRequest, now: number): () => StoreReply | null {
	const opened: UsageFiles = { events: openEvents(now), usage: openUsage(now), fresh };
	opened.usage.abandon();
	switch (request.kind) {
		case "count-usage":
			return inSlices(
				catchUp(opened, request.timeZone),
				({ counted, events: read }) => ({ kind: "counted", countedSeq: counted.seq, events: read }),
				elapsedMs,
			);
		case "report-usage":
			return inSlices(report(opened, request.query, request.timeZone), (made) => ({ kind: "usage", report: made }), elapsedMs);
		case "recompute-usage":
			return inSlices(recompute(opened, request.timeZone), (comparison) => ({ kind: "usage-compared", comparison }), elapsedMs);
		case "roll-up-usage":
			return inSlices(rollUp(opened, request.day), (days) => ({ kind: "rolled-up", days }), elapsedMs);
		case "plan-pruning":
			return inSlices(planPruning(opened, request.before, request.timeZone), (plan) => ({ kind: "pruning-planned", plan }), elapsedMs);
		case "prune":
			return inSlices(prune(opened, request.plan, request.timeZone, now), (pruned) => ({ kind: "pruned", ...pruned }), elapsedMs);
		default:
			return assertNever(request);
	}
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
	queries.restart();
	upkeep.restart();
	fresh.forget();
	const closing = events;
	events = null;
	closing?.close();
}

function closeKeys(): void {
	const closing = keys;
	keys = null;
	closing?.close();
}

function openBudgets(now: number): BudgetDatabase {
	budgets ??= new BudgetDatabase(files.budgets, now);
	return budgets;
}

function closeBudgets(): void {
	saves.restart();
	const closing = budgets;
	budgets = null;
	closing?.close();
}

function openUsage(now: number): UsageDatabase {
	usage ??= new UsageDatabase(files.usage, now);
	return usage;
}

/** A table of usage that cannot be read keeps nobody from serving: whoever asks for usage hears of it. */
function meetUsage(now: number): void {
	try {
		meetLog({ events: openEvents(now), usage: openUsage(now) });
	} catch {
		closeUsage();
	}
}

function closeUsage(): void {
	const closing = usage;
	usage = null;
	closing?.close();
}

/** A damaged table of usage is no reason to close the log, unless the log was being pruned. */
function closeForUpkeep(): void {
	if (events?.database.isTransaction === true) closeEvents();
	closeUsage();
}

function closeAll(): void {
	closeEvents();
	closeUsage();
	closeKeys();
	closeBudgets();
}
