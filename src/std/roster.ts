/**
 * Those who are here at the moment, each of whom knows its own place: joining and leaving cost an assignment or two, in no particular order.
 *
 *  - For what changes with every request. A `Set` rebuilds its table after as many changes as it has room for; a table that has been replaced still
 *    points to its successor and to what was in it, and once one has grown old the collector must take all after it for alive. With some thousand
 *    changes a second that kept every request of the last second in memory.
 *  - A member is in one roster at a time; its `place` belongs to the roster. -1 is nowhere.
 */
import { invariant } from "./invariant.ts";

export interface Placed {
	place: number;
}

export class Roster<Member extends Placed> {
	readonly #members: Member[] = [];

	get size(): number {
		return this.#members.length;
	}

	join(member: Member): void {
		invariant(member.place === -1, "a member is in one roster at a time");
		member.place = this.#members.length;
		this.#members.push(member);
	}

	/** Nothing happens where it is not here. */
	leave(member: Member): void {
		const { place } = member;
		if (this.#members[place] !== member) return;
		const last = this.#members.pop();
		member.place = -1;
		if (last === undefined || last === member) return;
		this.#members[place] = last;
		last.place = place;
	}

	/** A copy: whoever walks over it may make members leave. */
	all(): readonly Member[] {
		return this.#members.slice();
	}

	count(holds: (member: Member) => boolean): number {
		let count = 0;
		for (const member of this.#members) if (holds(member)) count += 1;
		return count;
	}
}
