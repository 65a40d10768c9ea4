/** Wrong passwords as they were counted, so that a restart does not make guessing free again. No credential is in it, and no name in clear. */
import type { AttemptSnapshot, AttemptStore } from "../ports/attempt-store.ts";

import { isNumbers, isObject, isRows, SnapshotFile } from "./snapshot-file.ts";

export class AttemptsFile extends SnapshotFile<AttemptSnapshot> implements AttemptStore {
	constructor(path: string) {
		super(path, isAttempts);
	}
}

function isAttempts(value: unknown): value is AttemptSnapshot {
	if (!isObject(value)) return false;
	const { networks, accounts, pairs, all, known } = value;
	return [networks, accounts, pairs].every((rows) => isRows(rows, 2)) && isRows(known, 1) && isNumbers(all, 2);
}
