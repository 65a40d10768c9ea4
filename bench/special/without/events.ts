/** An event log that takes everything and writes nothing: events are made all the same, for the metrics. */
import type { Event } from "../../../src/model/event.ts";
import type { Batch } from "../../../src/ports/event-log.ts";
import { GroupCommitLog as Writing } from "../../../src/stores/sqlite/group-commit-log.ts";

export * from "../../../src/stores/sqlite/group-commit-log.ts";

const TAKEN: Batch = Object.freeze({ committed: true, settled: Promise.resolve() });

export class GroupCommitLog extends Writing {
	override append(_event: Event): Batch {
		return TAKEN;
	}
}
