/**
 * A queue that shares time: start-time fair queueing (Goyal, Vin and Cheng, SIGCOMM 1996), for several servers at once (SFQ(D): Jin, Chase and Kaur,
 * SIGMETRICS 2004), one such queue for each priority under one that shares among the priorities.
 *
 *  - Each principal has a virtual time: what it was charged, divided by its weight. Who has least is served next. Who comes new begins at the virtual
 *    time of the queue, so nobody saves up time and nobody's flood delays another by more than the request that runs.
 *  - Charged is what a request was expected to cost when it is served, and the difference when it is known (`charge`; Sheng et al., "Fairness in
 *    Serving Large Language Models", OSDI 2024).
 *  - A priority is a share, not an order: `low` gets its part of the time however much of `high` waits, so nothing starves.
 *  - A backlog begins with everyone equal: time that was used while nobody waited is nobody's debt.
 *  - `push`, `shift`, `remove` and `charge` are O(log n) in the principals that wait, the estimates O(1) for who came last; `longest` is linear.
 */
import { PRIORITIES, type Priority, type Standing } from "../model/priority.ts";
import { type Line, LineHeap } from "./line-heap.ts";

/** Part of the time that each priority has while all wait. */
export const SHARES: Readonly<Record<Priority, number>> = Object.freeze({ high: 16, normal: 4, low: 1 });

/** What waits. The queue owns `line`, `before` and `after`. */
export interface Queued<Self> {
	readonly principal: string;
	readonly standing: Standing;
	/** What it is expected to cost, in ms; it must not change while it waits. */
	readonly cost: number;
	line: Line<Self> | null;
	before: Self | null;
	after: Self | null;
}

class Level<Item extends Queued<Item>> {
	readonly share: number;
	readonly heap = new LineHeap<Item>();
	readonly lines = new Map<string, Line<Item>>();
	/** Virtual time of this level among the levels. */
	tag = 0;
	/** Virtual time within: where the last one that was served began. */
	now = 0;
	cost = 0;
	weight = 0;

	constructor(share: number) {
		this.share = share;
	}
}

export class FairQueue<Item extends Queued<Item>> {
	readonly #levels: Readonly<Record<Priority, Level<Item>>> = {
		high: new Level(SHARES.high),
		normal: new Level(SHARES.normal),
		low: new Level(SHARES.low),
	};
	#now = 0;
	#size = 0;
	#turns = 0;
	#backlog = 0;

	get size(): number {
		return this.#size;
	}

	/** Counts the backlogs: what was charged in an earlier one is forgotten. */
	get backlog(): number {
		return this.#backlog;
	}

	waiting(priority: Priority): number {
		let waiting = 0;
		for (const line of this.#levels[priority].heap.all()) waiting += line.length;
		return waiting;
	}

	push(item: Item): void {
		const level = this.#levels[item.standing.priority];
		const line = this.#lineOf(level, item.principal);
		if (line.length === 0) {
			if (level.heap.size === 0) level.tag = Math.max(level.tag, this.#now);
			line.tag = Math.max(line.tag, level.now);
			line.weight = item.standing.weight;
			level.weight += line.weight;
			line.first = item;
		} else if (line.last !== null) {
			line.last.after = item;
			item.before = line.last;
		}
		item.line = line;
		line.last = item;
		line.length += 1;
		line.cost += item.cost;
		level.cost += item.cost;
		this.#size += 1;
		if (line.length === 1) this.#toHeap(level, line);
	}

	/** The next in turn, charged with its cost. */
	shift(): Item | undefined {
		const level = this.#nextLevel();
		const line = level?.heap.least;
		const item = line?.first;
		if (level === undefined || line === undefined || item === null || item === undefined) return undefined;
		this.#now = Math.max(this.#now, level.tag);
		level.now = Math.max(level.now, line.tag);
		this.#unlink(level, line, item);
		line.tag += item.cost / line.weight;
		level.tag += item.cost / level.share;
		if (line.length > 0) {
			line.turn = ++this.#turns;
			level.heap.moved(line);
		}
		this.#endWhereEmpty();
		return item;
	}

	/** Whether it was still waiting; it is charged nothing. */
	remove(item: Item): boolean {
		const { line } = item;
		if (line === null) return false;
		this.#unlink(this.#levels[item.standing.priority], line, item);
		this.#endWhereEmpty();
		return true;
	}

	/** Corrects what a principal was charged, by ms in either direction. Means nothing while nobody waits. */
	charge(principal: string, { priority, weight }: Standing, ms: number): void {
		if (this.#size === 0 || ms === 0) return;
		const level = this.#levels[priority];
		const line = this.#lineOf(level, principal);
		if (line.length === 0) line.tag = Math.max(line.tag, level.now);
		line.tag += ms / (line.length === 0 ? weight : line.weight);
		level.tag += ms / level.share;
		if (line.length > 0) level.heap.moved(line);
		else if (line.tag <= level.now) level.lines.delete(principal);
	}

	/** Time of servers, in ms, that is likely to pass before the turn of an item that waits, or of one that would be pushed now. */
	workBefore(item: Item): number {
		const level = this.#levels[item.standing.priority];
		const line = item.line ?? level.lines.get(item.principal);
		const active = line !== undefined && line.length > 0;
		const weight = active ? line.weight : item.standing.weight;
		const own = active ? line.cost - costFrom(item) : 0;
		const start = Math.max(line?.tag ?? 0, level.now) + own / weight;
		const weights = level.weight + (active ? 0 : weight);
		const mine = item.line === null ? 0 : item.cost;
		const within = Math.min((start - level.now) * weights, level.cost - mine);
		let work = within;
		for (const priority of PRIORITIES) {
			const other = this.#levels[priority];
			if (other !== level) work += Math.min((within * other.share) / level.share, other.cost);
		}
		return work;
	}

	/** What all that waits is expected to cost, in ms. */
	get cost(): number {
		const { high, normal, low } = this.#levels;
		return high.cost + normal.cost + low.cost;
	}

	/** The item that came last in the longest line, by weight; linear in the principals that wait. */
	longest(): Item | undefined {
		let longest: Line<Item> | undefined;
		for (const priority of PRIORITIES) {
			for (const line of this.#levels[priority].heap.all()) {
				if (longest === undefined || line.length / line.weight > longest.length / longest.weight) longest = line;
			}
		}
		return longest?.last ?? undefined;
	}

	/** How many of a principal's wait. */
	lengthOf({ principal, standing: { priority } }: Item): number {
		return this.#levels[priority].lines.get(principal)?.length ?? 0;
	}

	/** Forgets principals who wait no more and have no debt left: what is kept follows who is active. */
	forgetIdle(): void {
		for (const priority of PRIORITIES) {
			const level = this.#levels[priority];
			for (const [principal, line] of level.lines) if (line.length === 0 && line.tag <= level.now) level.lines.delete(principal);
		}
	}

	#lineOf(level: Level<Item>, principal: string): Line<Item> {
		const known = level.lines.get(principal);
		if (known !== undefined) return known;
		const line: Line<Item> = { tag: 0, turn: 0, place: -1, weight: 1, length: 0, cost: 0, first: null, last: null };
		level.lines.set(principal, line);
		return line;
	}

	#toHeap(level: Level<Item>, line: Line<Item>): void {
		line.turn = ++this.#turns;
		level.heap.join(line);
	}

	#nextLevel(): Level<Item> | undefined {
		let next: Level<Item> | undefined;
		for (const priority of PRIORITIES) {
			const level = this.#levels[priority];
			if (level.heap.size > 0 && (next === undefined || level.tag < next.tag)) next = level;
		}
		return next;
	}

	#unlink(level: Level<Item>, line: Line<Item>, item: Item): void {
		if (item.before === null) line.first = item.after;
		else item.before.after = item.after;
		if (item.after === null) line.last = item.before;
		else item.after.before = item.before;
		item.line = null;
		item.before = null;
		item.after = null;
		line.length -= 1;
		line.cost -= item.cost;
		level.cost -= item.cost;
		this.#size -= 1;
		if (line.length > 0) return;
		line.cost = 0;
		level.weight -= line.weight;
		level.heap.leave(line);
		if (level.heap.size === 0) {
			level.cost = 0;
			level.weight = 0;
		}
	}

	#endWhereEmpty(): void {
		if (this.#size > 0) return;
		this.#backlog += 1;
		this.#now = 0;
		for (const priority of PRIORITIES) {
			const level = this.#levels[priority];
			level.lines.clear();
			level.tag = 0;
			level.now = 0;
		}
	}
}

/** Of an item and those behind it in its line; nothing of one that waits in none, because it would come last. */
function costFrom<Item extends Queued<Item>>(item: Item): number {
	let cost = 0;
	if (item.line === null) return cost;
	for (let each: Item | null = item; each !== null; each = each.after) cost += each.cost;
	return cost;
}
