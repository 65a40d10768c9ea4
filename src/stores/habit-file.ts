/** What principals usually do, so that a restart does not make everything usual again. */
import type { HabitSnapshot, HabitStore } from "../ports/habit-store.ts";

import { isNumbers, isRows, SnapshotFile } from "./snapshot-file.ts";

const NUMBERS = 7;

export class HabitFile extends SnapshotFile<HabitSnapshot> implements HabitStore {
	constructor(path: string) {
		super(path, isHabits);
	}
}

function isHabits(value: unknown): value is HabitSnapshot {
	return (
		Array.isArray(value) &&
		value.every(
			(row) =>
				Array.isArray(row) &&
				row.length === NUMBERS + 4 &&
				isRows([row.slice(0, NUMBERS + 1)], NUMBERS) &&
				row.slice(NUMBERS + 1, NUMBERS + 3).every((list) => Array.isArray(list) && isNumbers(list, list.length)) &&
				isRows(row[NUMBERS + 3], 1),
		)
	);
}
