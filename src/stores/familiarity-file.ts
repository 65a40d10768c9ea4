/** From where and with what principals call, so that a restart does not make every caller a stranger or every stranger familiar. */
import type { FamiliaritySnapshot, FamiliarityStore } from "../ports/familiarity-store.ts";

import { isRows, SnapshotFile } from "./snapshot-file.ts";

export class FamiliarityFile extends SnapshotFile<FamiliaritySnapshot> implements FamiliarityStore {
	constructor(path: string) {
		super(path, isFamiliarity);
	}
}

function isFamiliarity(value: unknown): value is FamiliaritySnapshot {
	return (
		Array.isArray(value) &&
		value.every(
			(row) => Array.isArray(row) && row.length === 5 && isRows([row.slice(0, 2)], 1) && row.slice(2).every((rows) => isRows(rows, 1)),
		)
	);
}
