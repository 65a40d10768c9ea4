/**
 * Answers a query over the log, newest block first, a slice at a time.
 *
 *  - Commits share the thread: after a few milliseconds `step` returns, so that a query over years delays no request.
 *  - Blocks are picked by their times and numbers first; only those that may match are read whole, and only lines that may match are parsed.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";

import type { EventQuery } from "../../ports/event-log.ts";

import { unpackBody } from "./block-body.ts";
import { bytesIn, integerIn } from "./row.ts";

export interface FoundLines {
	/** One JSON text each, oldest first. */
	readonly lines: readonly string[];
	readonly seqs: readonly number[];
}

/** More than a console shows or a person reads; keeps an answer within some 50 MB. */
const LIMIT_MAX = 100_000;
const HEADS_AT_ONCE = 64;
const SLICE_MS = 4;

export class EventReader {
	readonly #query: EventQuery;
	readonly #limit: number;
	readonly #afterSeq: number;
	/** The first that may hold an event after that: whoever follows the log must not look through all of it each time. */
	readonly #oldestBlock: number;
	readonly #hints: readonly string[];
	readonly #heads: StatementSync;
	readonly #body: StatementSync;
	/** Newest first. */
	readonly #lines: string[] = [];
	readonly #seqs: number[] = [];
	#before: number;
	readonly #beforeSeq: number;

	constructor(database: DatabaseSync, query: EventQuery) {
		this.#query = query;
		this.#limit = Math.min(Math.max(0, Math.trunc(query.limit)), LIMIT_MAX);
		// Block 0 is the genesis: no event.
		this.#afterSeq = Math.max(0, query.afterSeq ?? 0);
		this.#beforeSeq = query.beforeSeq ?? Number.MAX_SAFE_INTEGER;
		this.#before = this.#beforeSeq;
		this.#hints = [query.principal, query.request].filter((text) => text !== undefined).map((text) => JSON.stringify(text));
		this.#heads = database.prepare(
			"SELECT first_seq, first_at, last_at FROM blocks WHERE first_seq < ? AND first_seq >= ? ORDER BY first_seq DESC LIMIT ?",
		);
		const oldest = database.prepare("SELECT coalesce(max(first_seq), 0) AS first_seq FROM blocks WHERE first_seq <= ?").get(this.#afterSeq);
		this.#oldestBlock = Math.max(1, integerIn(oldest ?? {}, "first_seq"));
		this.#body = database.prepare("SELECT body FROM blocks WHERE first_seq = ?");
	}

	/** Works for a few milliseconds. Null while there is more to do. */
	step(elapsedMs: () => number): FoundLines | null {
		const start = elapsedMs();
		while (elapsedMs() - start < SLICE_MS) {
			if (this.#seqs.length >= this.#limit) return this.#found();
			const heads = this.#heads.all(this.#before, this.#oldestBlock, HEADS_AT_ONCE);
			if (heads.length === 0) return this.#found();
			for (const head of heads) {
				this.#before = integerIn(head, "first_seq");
				if (this.#mayMatch(integerIn(head, "first_at"), integerIn(head, "last_at"))) this.#takeBlock(this.#before);
				if (this.#seqs.length >= this.#limit || elapsedMs() - start >= SLICE_MS) break;
			}
		}
		return null;
	}

	#found(): FoundLines {
		return { lines: this.#lines.toReversed(), seqs: this.#seqs.toReversed() };
	}

	#mayMatch(firstAt: number, lastAt: number): boolean {
		const { since, until } = this.#query;
		return (since === undefined || lastAt >= since) && (until === undefined || firstAt <= until);
	}

	#takeBlock(firstSeq: number): void {
		const lines = unpackBody(bytesIn(this.#body.get(firstSeq) ?? {}, "body"));
		for (let index = lines.length - 1; index >= 0 && this.#seqs.length < this.#limit; index -= 1) {
			const line = lines[index] ?? "";
			if (firstSeq + index <= this.#afterSeq) return;
			if (firstSeq + index >= this.#beforeSeq || !this.#matches(line)) continue;
			this.#lines.push(line);
			this.#seqs.push(firstSeq + index);
		}
	}

	#matches(line: string): boolean {
		if (!this.#hints.every((hint) => line.includes(hint))) return false;
		const { since, until, types, principal, request } = this.#query;
		if (since === undefined && until === undefined && types === undefined && principal === undefined && request === undefined) return true;
		const event: unknown = JSON.parse(line);
		if (typeof event !== "object" || event === null) return false;
		const at = "at" in event && typeof event.at === "number" ? event.at : Number.NaN;
		// Written so that an event without a time matches no bound.
		if (since !== undefined && !(at >= since)) return false;
		if (until !== undefined && !(at <= until)) return false;
		if (types !== undefined && !types.some((type) => "type" in event && event.type === type)) return false;
		if (principal !== undefined && !("principal" in event && event.principal === principal)) return false;
		return request === undefined || ("request" in event && event.request === request);
	}
}
